import type { Json } from '../errors.ts';
import { rowOf } from './error.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';

export interface RetryOptions {
  /** The top-level step to begin with, `@failed` for the first that did not end well; the start by default. */
  from?: string;
  /** In place of the first execution's input. */
  input?: { [key: string]: Json };
  /** The active version by default, or the one that the first execution ran. */
  version?: 'active' | 'same';
}

/**
 * Repeats an execution that has ended, in a new one. What ended well before the step it begins with is kept.
 *
 * @param executionId the execution to repeat
 * @returns the new execution's id
 * @throws WorkflowError such as `execution_not_found`, `execution_not_ended`, `nothing_failed`, `unknown_step`, `retry_gap`
 */
export async function retryExecution(
  supabase: AnySupabaseClient,
  executionId: string,
  { from, input, version = 'active' }: RetryOptions = {},
): Promise<string> {
  const executions = engineClient(supabase).from('workflow_executions');
  const missing = {
    code: 'execution_not_found',
    message: `There is no execution ${executionId}, or you may not see it.`,
    hint: 'Check the id, and that you are a member of its organisation.',
  };
  const origin = await rowOf(
    executions.select('workflow_id, workflow_version').eq('id', executionId),
    missing,
  );
  const again = {
    workflow_id: origin.workflow_id,
    retry_of: executionId,
    ...(from === undefined ? {} : { retry_from: from }),
    ...(input === undefined ? {} : { input }),
    ...(version === 'same' ? { workflow_version: origin.workflow_version } : {}),
  };
  // The rest of the row follows from the workflow and the first execution.
  return (await rowOf(executions.insert(again as never).select('id'), missing)).id;
}
