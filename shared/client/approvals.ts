import { rowOf } from './error.ts';
import { readPage } from './page.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type ApprovalStatus,
  type Page,
  type PageOptions,
  type Role,
  rolesUpTo,
} from './types.ts';

export interface ApprovalFilter extends PageOptions {
  organizationId?: string;
  executionId?: string;
  /** One status, or any of several; `pending` by default. */
  status?: ApprovalStatus | ApprovalStatus[];
  /** Only what this user was asked by id or e-mail address… */
  approverId?: string;
  /** …or what members with this role were asked. */
  approverRole?: Role;
}

/** Lists approval requests the caller was asked or may see, newest first. @throws WorkflowError */
export async function listApprovals(
  supabase: AnySupabaseClient,
  filter: ApprovalFilter = {},
): Promise<Page<ApprovalRequest>> {
  const { organizationId, executionId, status = 'pending', approverId, approverRole, ...page } = filter;
  let query = engineClient(supabase)
    .from('approval_requests')
    .select()
    .in('status', Array.isArray(status) ? status : [status]);
  if (organizationId !== undefined) query = query.eq('organization_id', organizationId);
  if (executionId !== undefined) query = query.eq('execution_id', executionId);
  const asked = [
    ...(approverId === undefined ? [] : [`approver_ids.cs.{${approverId}}`]),
    ...(approverRole === undefined ? [] : [`approver_roles.ov.{${rolesUpTo(approverRole)}}`]),
  ];
  if (asked.length > 0) query = query.or(asked.join(','));
  return readPage<ApprovalRequest>(query as never, page);
}

export type Decision =
  | { decision: 'approve' | 'reject'; comment?: string }
  /** Somebody else decides instead. */
  | { decision: 'delegate'; delegateTo: string; comment?: string };

/**
 * Decides an approval as the signed-in user; the execution goes on in the same transaction.
 *
 * @param requestId the request's id, which is that of its step run
 * @throws WorkflowError `not_an_approver`, `already_decided`, `approval_closed`, `requester_may_not_decide`
 */
export async function decideApproval(
  supabase: AnySupabaseClient,
  requestId: string,
  made: Decision,
): Promise<ApprovalDecision> {
  const row = {
    request_id: requestId,
    decision: made.decision,
    comment: made.comment ?? null,
    delegate_to: made.decision === 'delegate' ? made.delegateTo : null,
  };
  // Who decides, and for which organisation, the database knows.
  const query = engineClient(supabase)
    .from('approval_decisions')
    .insert(row as never)
    .select();
  return (await rowOf(query, {
    code: 'approval_not_found',
    message: `There is no approval request ${requestId} here.`,
    hint: 'Check its id.',
  })) as ApprovalDecision;
}
