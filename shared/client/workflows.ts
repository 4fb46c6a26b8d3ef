import type { TablesUpdate } from './database.types.ts';
import { dataOf, rowOf, WorkflowError } from './error.ts';
import { readPage } from './page.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';
import type { Page, PageOptions, Workflow, WorkflowStatus, WorkflowVersion } from './types.ts';

export interface WorkflowFilter extends PageOptions {
  organizationId?: string;
  /** One status, or any of several. */
  status?: WorkflowStatus | WorkflowStatus[];
  category?: string;
  templateId?: string;
}

/** Lists workflows the caller may see, newest first. @throws WorkflowError */
export async function listWorkflows(
  supabase: AnySupabaseClient,
  filter: WorkflowFilter = {},
): Promise<Page<Workflow>> {
  const { organizationId, status, category, templateId, ...page } = filter;
  let query = engineClient(supabase).from('workflows').select();
  if (organizationId !== undefined) query = query.eq('organization_id', organizationId);
  if (status !== undefined) query = query.in('status', Array.isArray(status) ? status : [status]);
  if (category !== undefined) query = query.eq('category', category);
  if (templateId !== undefined) query = query.eq('template_id', templateId);
  return readPage<Workflow>(query as never, page);
}

/** Reads a workflow. @throws WorkflowError `workflow_not_found` */
export async function getWorkflow(supabase: AnySupabaseClient, id: string): Promise<Workflow> {
  const query = engineClient(supabase).from('workflows').select().eq('id', id);
  return (await rowOf(query, notFound(id))) as Workflow;
}

/** A workflow's published versions with their definitions, newest first. @throws WorkflowError */
export async function listVersions(supabase: AnySupabaseClient, id: string): Promise<WorkflowVersion[]> {
  return dataOf(
    engineClient(supabase)
      .from('workflow_versions')
      .select('workflow_id, version, definition, run_as, published_by, published_at')
      .eq('workflow_id', id)
      .order('version', { ascending: false }),
  );
}

/**
 * Pauses a workflow: new executions wait as `queued` until it is active again, those that run go on.
 *
 * @throws WorkflowError `workflow_not_found`, `workflow_not_active` for a draft, `not_allowed`
 */
export const pauseWorkflow = (supabase: AnySupabaseClient, id: string) => setStatus(supabase, id, 'paused');

/** Lets a paused or archived workflow start again. @throws WorkflowError as `pauseWorkflow` */
export const resumeWorkflow = (supabase: AnySupabaseClient, id: string) => setStatus(supabase, id, 'active');

/** Starts a workflow no more; its versions and executions stay. @throws WorkflowError */
export const archiveWorkflow = (supabase: AnySupabaseClient, id: string) =>
  setStatus(supabase, id, 'archived');

async function setStatus(supabase: AnySupabaseClient, id: string, status: WorkflowStatus): Promise<Workflow> {
  if (status !== 'archived' && (await getWorkflow(supabase, id)).active_version === null) {
    throw new WorkflowError({
      code: 'workflow_not_active',
      message: `Workflow ${id} is a draft.`,
      hint: 'Publish a version of it first.',
    });
  }
  return update(supabase, id, { status });
}

/**
 * Makes an earlier version the active one. Executions that run stay on theirs.
 *
 * @throws WorkflowError `workflow_not_found`, `unknown_version`, `not_allowed`
 */
export function rollbackWorkflow(
  supabase: AnySupabaseClient,
  id: string,
  version: number,
): Promise<Workflow> {
  return update(supabase, id, { active_version: version });
}

async function update(
  supabase: AnySupabaseClient,
  id: string,
  values: TablesUpdate<'workflows'>,
): Promise<Workflow> {
  const workflows = engineClient(supabase).from('workflows');
  const [updated] = await dataOf(workflows.update(values).eq('id', id).select());
  if (updated) return updated as Workflow;
  await getWorkflow(supabase, id);
  throw new WorkflowError({
    code: 'not_allowed',
    message: `You may not change workflow ${id}.`,
    hint: 'Sign in as an editor of its organisation.',
  });
}

/**
 * Saves a draft over the revision it was made from.
 *
 * @param revision `draft_revision` of the workflow as it was read
 * @returns the workflow with its next revision
 * @throws WorkflowError `stale_draft` when somebody else has saved since; the hint names what differs
 */
export function saveDraft(
  supabase: AnySupabaseClient,
  id: string,
  draft: unknown,
  revision: number,
): Promise<Workflow> {
  return update(supabase, id, { draft: draft as never, draft_revision: revision });
}

const notFound = (id: string) => ({
  code: 'workflow_not_found',
  message: `There is no workflow ${id}, or you may not see it.`,
  hint: 'Check the id, and that you are a member of its organisation.',
});
