import type { SupabaseClient } from '@supabase/supabase-js';
import type { Json } from '../errors.ts';

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
 * @throws Error with the refusal's hint, such as for an execution that still runs
 */
export async function retryExecution(
  supabase: SupabaseClient,
  executionId: string,
  { from, input, version = 'active' }: RetryOptions = {},
): Promise<string> {
  const origin = await supabase
    .from('workflow_executions')
    .select('workflow_id, workflow_version')
    .eq('id', executionId)
    .maybeSingle();
  if (origin.error) throw new Error(origin.error.message);
  if (!origin.data) throw new Error(`There is no execution ${executionId}, or you may not see it.`);
  const { data, error } = await supabase
    .from('workflow_executions')
    .insert({
      workflow_id: origin.data.workflow_id,
      retry_of: executionId,
      ...(from === undefined ? {} : { retry_from: from }),
      ...(input === undefined ? {} : { input }),
      ...(version === 'same' ? { workflow_version: origin.data.workflow_version } : {}),
    })
    .select('id')
    .single();
  if (error) throw new Error(error.hint ? `${error.message} ${error.hint}` : error.message);
  return data.id;
}
