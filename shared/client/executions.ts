import type { Json } from '../errors.ts';
import { dataOf, rowOf, WorkflowError, workflowError } from './error.ts';
import { readPage } from './page.ts';
import type { ExecutionStatus } from './snapshot.ts';
import { isTerminal, snapshotOf } from './snapshot.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';
import type { ExecutionDetails, ExecutionRow, Page, PageOptions } from './types.ts';

export interface StartOptions {
  /** Starting again with the same key returns the first execution. Unique within the workflow. */
  idempotencyKey?: string;
  /** -100 to 100; higher ones start first. 0 by default. */
  priority?: number;
  /** `test` runs without effects; `live` by default. */
  mode?: 'live' | 'test';
}

/**
 * Starts a workflow by hand.
 *
 * @param input what the definition sees as `input`
 * @returns the execution as it begins; `watchExecution` tells what becomes of it
 * @throws WorkflowError such as `workflow_not_found`, `workflow_not_active`, `not_allowed`
 */
export async function startExecution(
  supabase: AnySupabaseClient,
  workflowId: string,
  input: { [key: string]: Json } = {},
  { idempotencyKey, priority, mode }: StartOptions = {},
): Promise<ExecutionRow> {
  const executions = engineClient(supabase).from('workflow_executions');
  const chosen = { workflow_id: workflowId, input, idempotency_key: idempotencyKey, priority, mode };
  // The rest of the row follows from the workflow.
  const { data, error } = await executions
    .insert(chosen as never)
    .select()
    .single();
  if (!error) return data as ExecutionRow;
  if (error.code !== '23505' || idempotencyKey === undefined) throw workflowError(error);
  const first = executions.select().eq('workflow_id', workflowId).eq('idempotency_key', idempotencyKey);
  return (await rowOf(first, notFound('with this idempotency key'))) as ExecutionRow;
}

/**
 * Reads an execution with its step runs, oldest first.
 *
 * @throws WorkflowError `execution_not_found` where there is none, or none the caller may see
 */
export async function getExecution(supabase: AnySupabaseClient, id: string): Promise<ExecutionDetails> {
  const query = engineClient(supabase)
    .from('workflow_executions')
    .select('*, steps:workflow_execution_steps(*)')
    .eq('id', id);
  const { execution, steps } = snapshotOf((await rowOf(query, notFound(id))) as never);
  return { ...(execution as unknown as ExecutionRow), steps };
}

export interface ExecutionFilter extends PageOptions {
  organizationId?: string;
  workflowId?: string;
  /** One status, or any of several. */
  status?: ExecutionStatus | ExecutionStatus[];
  mode?: 'live' | 'test';
  /** What started it. */
  trigger?: 'manual' | 'event' | 'schedule' | 'webhook';
  /** Created at or after this moment. */
  since?: Date | string;
  /** Created before this moment. */
  until?: Date | string;
}

/** Lists executions the caller may see, newest first. @throws WorkflowError */
export async function listExecutions(
  supabase: AnySupabaseClient,
  filter: ExecutionFilter = {},
): Promise<Page<ExecutionRow>> {
  const { organizationId, workflowId, status, mode, trigger, since, until, ...page } = filter;
  let query = engineClient(supabase).from('workflow_executions').select();
  if (organizationId !== undefined) query = query.eq('organization_id', organizationId);
  if (workflowId !== undefined) query = query.eq('workflow_id', workflowId);
  if (status !== undefined) query = query.in('status', Array.isArray(status) ? status : [status]);
  if (mode !== undefined) query = query.eq('mode', mode);
  if (trigger !== undefined) query = query.eq('trigger->>type', trigger);
  if (since !== undefined) query = query.gte('created_at', timestamp(since));
  if (until !== undefined) query = query.lt('created_at', timestamp(until));
  return readPage<ExecutionRow>(query as never, page);
}

/**
 * Cancels an execution now: what waits is dropped, and a step that runs changes nothing any more.
 *
 * @returns the cancelled execution, also when it was cancelled before
 * @throws WorkflowError `execution_not_found`; `execution_ended` when it has succeeded or failed; `not_allowed`
 */
export async function cancelExecution(supabase: AnySupabaseClient, id: string): Promise<ExecutionRow> {
  const executions = engineClient(supabase).from('workflow_executions');
  const [cancelled] = await dataOf(executions.update({ status: 'cancelled' }).eq('id', id).select());
  if (cancelled) return cancelled as ExecutionRow;
  const row = (await rowOf(executions.select().eq('id', id), notFound(id))) as ExecutionRow;
  if (row.status === 'cancelled') return row;
  throw isTerminal(row.status)
    ? new WorkflowError({
        code: 'execution_ended',
        message: `Execution ${id} has ${row.status} already.`,
        hint: 'Nothing is left to cancel; to run it again, retry it.',
      })
    : new WorkflowError({
        code: 'not_allowed',
        message: `You may not cancel execution ${id}.`,
        hint: 'Sign in as an editor of its organisation.',
      });
}

const timestamp = (moment: Date | string) => (moment instanceof Date ? moment.toISOString() : moment);

const notFound = (what: string) => ({
  code: 'execution_not_found',
  message: `There is no execution ${what}, or you may not see it.`,
  hint: 'Check the id, and that you are a member of its organisation.',
});
