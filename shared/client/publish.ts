import type { DefinitionError } from '../definition/index.ts';
import { compileDefinition } from './compile.ts';
import { dataOf, rowOf, WorkflowError } from './error.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';
import type { Workflow } from './types.ts';
import { getWorkflow } from './workflows.ts';

/** A definition that cannot be published, with everything that is wrong with it. */
export class InvalidDefinitionError extends WorkflowError {
  constructor(readonly errors: DefinitionError[]) {
    super({
      code: 'invalid_definition',
      message: errors.map(({ path, message }) => `${path}: ${message}`).join('\n'),
      hint: 'Correct what `errors` lists; each has a hint of its own.',
      ...(errors[0]?.path ? { path: errors[0].path } : {}),
    });
    this.name = 'InvalidDefinitionError';
  }
}

interface NewWorkflow {
  organizationId: string;
  workflowId?: undefined;
  definition: unknown;
  templateId?: string;
  category?: string;
  /** Who has made it, and as whom it runs. For the service key only: whoever is signed in publishes as themselves. */
  userId?: string;
}

interface NewVersion {
  /** The workflow that gets a new version. */
  workflowId: string;
  organizationId?: string;
  /** The workflow's draft by default. */
  definition?: unknown;
  /** As whom it runs. For the service key only: whoever is signed in publishes as themselves. */
  userId?: string;
}

export type PublishOptions = NewWorkflow | NewVersion;

export interface Published {
  workflowId: string;
  version: number;
}

/**
 * Compiles a definition and publishes it as the signed-in user, as whom it will run. A new workflow is active then. Where the
 * database refuses the version of a new workflow, that stays as a draft.
 *
 * @throws InvalidDefinitionError with all faults and their paths, before anything is written
 * @throws WorkflowError when the database refuses, such as `table_not_watched` or `not_allowed`
 */
export async function publishWorkflow(
  supabase: AnySupabaseClient,
  options: PublishOptions,
): Promise<Published> {
  const source = options.definition === undefined ? await draftOf(supabase, options.workflowId) : undefined;
  const compiled = await compileDefinition(source?.draft ?? options.definition);
  if (!compiled.ok) throw new InvalidDefinitionError(compiled.errors);
  const { definition, plan } = compiled;
  const workflowId =
    options.workflowId ?? (await createDraft(supabase, { ...options, definition, name: definition.name })).id;
  const version = { workflow_id: workflowId, definition, plan, run_as: options.userId ?? null };
  // The database counts versions.
  const versions = engineClient(supabase).from('workflow_versions');
  const [row] = await dataOf(versions.insert(version as never).select('version'));
  if (source) await dropDraft(supabase, source);
  return { workflowId, version: row?.version ?? 1 };
}

/** What has been published is no draft any more, unless somebody has saved another meanwhile. */
async function dropDraft(supabase: AnySupabaseClient, { id, draft_revision }: Workflow): Promise<void> {
  const workflows = engineClient(supabase).from('workflows');
  await workflows.update({ draft: null, draft_revision }).eq('id', id);
}

/** A workflow that has a draft. @throws WorkflowError `no_draft`, `workflow_not_found` */
export async function draftOf(
  supabase: AnySupabaseClient,
  workflowId: string | undefined,
): Promise<Workflow> {
  const workflow = workflowId === undefined ? undefined : await getWorkflow(supabase, workflowId);
  if (workflow?.draft) return workflow;
  throw new WorkflowError({
    code: 'no_draft',
    message: 'There is no definition to publish or to test.',
    hint: 'Pass a definition, or save a draft of the workflow first.',
  });
}

/** Creates a workflow with a draft, and no version yet. @throws WorkflowError such as `not_allowed` */
export async function createDraft(
  supabase: AnySupabaseClient,
  options: Omit<NewWorkflow, 'workflowId'> & { name: string; description?: string },
) {
  const { organizationId, name, description, definition, templateId, category, userId } = options;
  const row = {
    organization_id: organizationId,
    name,
    description: description ?? null,
    draft: definition as never,
    template_id: templateId ?? null,
    category: category ?? null,
    ...(userId === undefined ? {} : { created_by: userId }),
  };
  return rowOf(engineClient(supabase).from('workflows').insert(row).select(), {
    code: 'not_allowed',
    message: 'The workflow was created, and you may not see it.',
    hint: 'Sign in as a member of its organisation.',
  });
}
