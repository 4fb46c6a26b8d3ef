import { getTemplates, loadTemplate } from '../../templates/index.ts';
import type { Json } from '../errors.ts';
import { WorkflowError } from './error.ts';
import { createDraft, publishWorkflow } from './publish.ts';
import type { AnySupabaseClient } from './supabase.ts';
import type { Workflow } from './types.ts';
import { getWorkflow } from './workflows.ts';

export type { Manifest, Template } from '../../templates/index.ts';
export { getTemplates, loadTemplate } from '../../templates/index.ts';

export interface FromTemplateOptions {
  /** Leaves it as a draft, to be changed and published later. */
  draft?: boolean;
  /** Variables that differ from the template's defaults. */
  variables?: { [name: string]: Json };
}

/**
 * Makes a workflow from a template and publishes it, so that it is active.
 *
 * @param templateId as in `getTemplates()`
 * @param organizationId whose workflow it is
 * @param userId as whom it runs when this is called with the service key; who is signed in publishes as themselves
 * @throws WorkflowError `unknown_template`, `unknown_variable`; else as `publishWorkflow`
 */
export async function createFromTemplate(
  supabase: AnySupabaseClient,
  templateId: string,
  organizationId: string,
  userId: string,
  { draft = false, variables = {} }: FromTemplateOptions = {},
): Promise<Workflow> {
  const template = await loadTemplate(templateId);
  if (!template) throw unknownTemplate(templateId);
  const { manifest } = template;
  const known = Object.keys(manifest.variables.properties);
  const stray = Object.keys(variables).find((name) => !known.includes(name));
  if (stray !== undefined) throw unknownVariable(stray, known);
  const definition = {
    ...template.definition,
    variables: { ...template.definition.variables, ...variables },
  };
  const origin = { organizationId, userId, templateId, category: manifest.category, definition };
  if (draft) {
    const { name, summary: description } = manifest;
    return (await createDraft(supabase, { ...origin, name, description })) as Workflow;
  }
  const { workflowId } = await publishWorkflow(supabase, origin);
  return getWorkflow(supabase, workflowId);
}

function unknownTemplate(id: string): WorkflowError {
  const ids = getTemplates().map((template) => template.id);
  return new WorkflowError({
    code: 'unknown_template',
    message: `There is no template "${id}".`,
    hint: `Choose one of: ${ids.join(', ')}.`,
    path: 'templateId',
  });
}

function unknownVariable(name: string, known: string[]): WorkflowError {
  return new WorkflowError({
    code: 'unknown_variable',
    message: `The template has no variable "${name}".`,
    hint: known.length > 0 ? `It has: ${known.join(', ')}.` : 'It has none.',
    path: `variables.${name}`,
  });
}
