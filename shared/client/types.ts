import type { Tables } from './database.types.ts';
import type { Execution, StepRun } from './snapshot.ts';

const roles = ['viewer', 'editor', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];

/** A role and those below it, which its members have as well. */
export const rolesUpTo = (role: Role): Role[] => roles.slice(0, roles.indexOf(role) + 1);

export type WorkflowStatus = 'draft' | 'active' | 'paused' | 'archived';
export type ApprovalStatus = 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled';

/** A row of `workflows`. */
export type Workflow = Omit<Tables<'workflows'>, 'status' | 'min_role'> & {
  status: WorkflowStatus;
  min_role: Role;
};

/** A row of `workflow_versions` without its plan. */
export type WorkflowVersion = Omit<Tables<'workflow_versions'>, 'plan'>;

/** A row of `workflow_executions`. */
export type ExecutionRow = Omit<Tables<'workflow_executions'>, 'status' | 'mode' | 'min_role'> &
  Pick<Execution, 'status' | 'mode'> & { min_role: Role };

/** An execution with its step runs, oldest first. */
export type ExecutionDetails = ExecutionRow & { steps: StepRun[] };

/** A row of `approval_requests`. */
export type ApprovalRequest = Omit<Tables<'approval_requests'>, 'status' | 'on_timeout' | 'min_role'> & {
  status: ApprovalStatus;
  on_timeout: 'approve' | 'reject' | 'fail';
  min_role: Role;
};

/** A row of `approval_decisions`. */
export type ApprovalDecision = Omit<Tables<'approval_decisions'>, 'decision' | 'via'> & {
  decision: 'approve' | 'reject' | 'delegate';
  via: 'session' | 'link';
};

/** Which part of a list, newest first. */
export interface PageOptions {
  /** Rows of a page, 1 to 999; 50 by default. */
  limit?: number;
  /** `next` of the page before. */
  after?: string;
}

/** Part of a list. */
export interface Page<T> {
  items: T[];
  /** For `after` of the next page; null on the last. */
  next: string | null;
}
