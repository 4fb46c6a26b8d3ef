import { dataOf } from './error.ts';
import type { ExecutionStatus } from './snapshot.ts';
import type { AnySupabaseClient } from './supabase.ts';

/** Which executions of an organisation a bulk change is about. */
export interface BulkFilter {
  organizationId: string;
  workflowId?: string;
  /** Any of these; what has not ended by default when cancelling, `failed` when retrying. */
  status?: ExecutionStatus[];
  /** Created at or after this moment. */
  since?: Date | string;
  /** Created before this moment. */
  until?: Date | string;
  /** Executions at most, up to 1,000; 500 by default. */
  limit?: number;
}

export interface RetryFilter extends BulkFilter {
  /** Only those that failed with this code. */
  errorCode?: string;
  /** The top-level step to begin with, `@failed` for the first that did not end well; the start by default. */
  from?: string;
  /** The active version by default, or the one that each ran. */
  version?: 'active' | 'same';
  /** Go on after this execution: `last` of the call before. */
  after?: string;
}

export interface BulkCancelled {
  /** The executions that are cancelled now. */
  ids: string[];
  count: number;
  /** Whether there are more: call again. */
  more: boolean;
}

export interface BulkRetried extends BulkCancelled {
  /** The last execution that was looked at; null when there was none. */
  last: string | null;
  /** Those that cannot be retried, with the reason. */
  refused: { id: string; code: string; message: string; hint: string }[];
}

/**
 * Cancels executions that have not ended, the newest first.
 *
 * @throws WorkflowError for whoever is no editor of the organisation
 */
export function cancelExecutions(supabase: AnySupabaseClient, filter: BulkFilter): Promise<BulkCancelled> {
  return call(supabase, 'cancel_workflow_executions', argumentsOf(filter));
}

/**
 * Retries executions that have ended, the oldest first; those that have been retried already are left out.
 *
 * @returns the ids of the new executions
 * @throws WorkflowError for whoever is no editor of the organisation
 */
export function retryExecutions(supabase: AnySupabaseClient, filter: RetryFilter): Promise<BulkRetried> {
  const { errorCode, from, version, after } = filter;
  const more = { p_error_code: errorCode, p_from: from, p_version: version, p_after: after };
  return call(supabase, 'retry_workflow_executions', { ...argumentsOf(filter), ...more });
}

function argumentsOf({ organizationId, workflowId, status, since, until, limit }: BulkFilter) {
  return {
    p_organization: organizationId,
    p_workflow: workflowId,
    p_status: status,
    p_since: since,
    p_until: until,
    p_limit: limit,
  };
}

/** What is not given is left out of the JSON, and keeps its default. */
function call<T>(supabase: AnySupabaseClient, name: string, parameters: object): Promise<NonNullable<T>> {
  return dataOf<T>(supabase.rpc(name, parameters));
}
