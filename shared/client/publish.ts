import type { SupabaseClient } from '@supabase/supabase-js';
import { actionCatalog } from '../actions/registry.ts';
import { compile, type DefinitionError } from '../definition/index.ts';
import { notificationCatalog } from '../notifications/catalog.ts';

/** A definition that cannot be published, with everything that is wrong with it. */
export class InvalidDefinitionError extends Error {
  constructor(readonly errors: DefinitionError[]) {
    super(errors.map(({ path, message }) => `${path}: ${message}`).join('\n'));
    this.name = 'InvalidDefinitionError';
  }
}

export interface PublishOptions {
  organizationId: string;
  /** An existing workflow gets a new version; without it a workflow is created. */
  workflowId?: string;
  definition: unknown;
  templateId?: string;
  category?: string;
}

export interface Published {
  workflowId: string;
  version: number;
}

/**
 * Compiles a definition and publishes it as the signed-in user, as whom it will run.
 *
 * @throws InvalidDefinitionError with all faults and their paths, before anything is written
 * @throws Error when the database refuses, with its message
 */
export async function publishWorkflow(supabase: SupabaseClient, options: PublishOptions): Promise<Published> {
  const compiled = compile(options.definition, {
    actions: actionCatalog,
    templates: notificationCatalog,
  });
  if (!compiled.ok) throw new InvalidDefinitionError(compiled.errors);
  const workflowId =
    options.workflowId ?? (await createWorkflow(supabase, options, compiled.definition.name));
  const { data, error } = await supabase
    .from('workflow_versions')
    .insert({ workflow_id: workflowId, definition: compiled.definition, plan: compiled.plan })
    .select('version')
    .single();
  if (error) throw new Error(error.hint ? `${error.message} ${error.hint}` : error.message);
  return { workflowId, version: data.version };
}

async function createWorkflow(
  supabase: SupabaseClient,
  options: PublishOptions,
  name: string,
): Promise<string> {
  const { data, error } = await supabase
    .from('workflows')
    .insert({
      organization_id: options.organizationId,
      name,
      template_id: options.templateId ?? null,
      category: options.category ?? null,
    })
    .select('id')
    .single();
  if (error) throw new Error(error.message);
  return data.id;
}
