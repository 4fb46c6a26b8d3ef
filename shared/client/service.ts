import type { Json } from '../errors.ts';
import type { Rendered } from '../notifications/template.ts';
import { type ApprovalFilter, type Decision, decideApproval, listApprovals } from './approvals.ts';
import {
  type BulkCancelled,
  type BulkFilter,
  type BulkRetried,
  cancelExecutions,
  type RetryFilter,
  retryExecutions,
} from './bulk.ts';
import {
  cancelExecution,
  type ExecutionFilter,
  getExecution,
  listExecutions,
  type StartOptions,
  startExecution,
} from './executions.ts';
import { previewNotification, type TemplateChannel } from './preview-notification.ts';
import { type Published, type PublishOptions, publishWorkflow } from './publish.ts';
import { type RetryOptions, retryExecution } from './retry.ts';
import {
  deleteSchedule,
  listSchedules,
  nextRuns,
  type Schedule,
  type ScheduleFilter,
  type ScheduleOptions,
  type ScheduleTime,
  scheduleWorkflow,
  updateSchedule,
} from './schedules.ts';
import { deleteSecret, listSecrets, type Secret, setSecret } from './secrets.ts';
import type { ExecutionSnapshot } from './snapshot.ts';
import { type AnySupabaseClient, clientFromEnvironment } from './supabase.ts';
import {
  createFromTemplate,
  type FromTemplateOptions,
  getTemplates,
  loadTemplate,
  type Manifest,
  type Template,
} from './templates.ts';
import { type TestOptions, testWorkflow } from './test-workflow.ts';
import type {
  ApprovalDecision,
  ApprovalRequest,
  ExecutionDetails,
  ExecutionRow,
  Page,
  Workflow,
  WorkflowVersion,
} from './types.ts';
import { type Watch, type WatchOptions, watchExecution } from './watch-execution.ts';
import {
  type OrganizationChange,
  type OrganizationWatch,
  type WatchOrganizationOptions,
  watchOrganization,
} from './watch-organization.ts';
import {
  archiveWorkflow,
  getWorkflow,
  listVersions,
  listWorkflows,
  pauseWorkflow,
  resumeWorkflow,
  rollbackWorkflow,
  saveDraft,
  type WorkflowFilter,
} from './workflows.ts';

/**
 * Everything an application does with workflows, over one supabase client. All of it happens in the name of whoever is
 * signed in there, under row-level security. Methods reject with a `WorkflowError`; its codes are in docs/errors.md.
 */
export class WorkflowService {
  /** The client it works with: sign in here. */
  readonly supabase: AnySupabaseClient;

  /**
   * @param supabase the application's own client; without it one is made from the environment
   * @throws WorkflowError `client_not_configured` when there is neither
   */
  constructor(supabase: AnySupabaseClient = clientFromEnvironment()) {
    this.supabase = supabase;
  }

  /** What each template tells of itself. Nothing is loaded for it. */
  getTemplates(): readonly Manifest[] {
    return getTemplates();
  }

  /** Loads a template with its definition; undefined when there is none of this id. */
  loadTemplate(id: string): Promise<Template | undefined> {
    return loadTemplate(id);
  }

  /**
   * Makes a workflow from a template and publishes it, so that the next line can execute it.
   *
   * @param userId as whom it runs when the client has the service key; who is signed in publishes as themselves
   * @param options.draft leaves it as a draft
   * @param options.variables what differs from the template's defaults
   * @throws WorkflowError `unknown_template`, `unknown_variable`, `table_not_watched`, `not_allowed`
   */
  createFromTemplate(
    templateId: string,
    organizationId: string,
    userId: string,
    options?: FromTemplateOptions,
  ): Promise<Workflow> {
    return createFromTemplate(this.supabase, templateId, organizationId, userId, options);
  }

  /**
   * Publishes a definition as a new workflow or as a new version of one; without a definition, the workflow's draft.
   *
   * @throws InvalidDefinitionError with all faults, before anything is written; WorkflowError when the database refuses
   */
  publishWorkflow(options: PublishOptions): Promise<Published> {
    return publishWorkflow(this.supabase, options);
  }

  /** Lists workflows, newest first. */
  listWorkflows(filter?: WorkflowFilter): Promise<Page<Workflow>> {
    return listWorkflows(this.supabase, filter);
  }

  /** Reads a workflow. @throws WorkflowError `workflow_not_found` */
  getWorkflow(id: string): Promise<Workflow> {
    return getWorkflow(this.supabase, id);
  }

  /** A workflow's versions with their definitions, newest first. */
  listVersions(id: string): Promise<WorkflowVersion[]> {
    return listVersions(this.supabase, id);
  }

  /**
   * Saves a draft over the revision it was made from.
   *
   * @param revision `draft_revision` as it was read
   * @throws WorkflowError `stale_draft` when somebody else has saved since
   */
  saveDraft(id: string, draft: unknown, revision: number): Promise<Workflow> {
    return saveDraft(this.supabase, id, draft, revision);
  }

  /** New executions wait until it is resumed. @throws WorkflowError `workflow_not_active` for a draft */
  pauseWorkflow(id: string): Promise<Workflow> {
    return pauseWorkflow(this.supabase, id);
  }

  /** Makes a paused or archived workflow active. @throws WorkflowError `workflow_not_active` for a draft */
  resumeWorkflow(id: string): Promise<Workflow> {
    return resumeWorkflow(this.supabase, id);
  }

  /** Starts it no more; its versions and executions stay. */
  archiveWorkflow(id: string): Promise<Workflow> {
    return archiveWorkflow(this.supabase, id);
  }

  /** Makes an earlier version the active one. @throws WorkflowError `unknown_version` */
  rollbackWorkflow(id: string, version: number): Promise<Workflow> {
    return rollbackWorkflow(this.supabase, id, version);
  }

  /**
   * Starts a workflow by hand.
   *
   * @param input what the definition sees as `input`
   * @param options.idempotencyKey starting again with the same key returns the first execution
   * @param options.priority -100 to 100, higher ones start first
   * @returns the execution as it begins
   * @throws WorkflowError `workflow_not_found`, `workflow_not_active`, `not_allowed`
   */
  executeWorkflow(
    id: string,
    input?: { [key: string]: Json },
    options?: StartOptions,
  ): Promise<ExecutionRow> {
    return startExecution(this.supabase, id, input, options);
  }

  /**
   * Plays a workflow without consequences, and waits for the end.
   *
   * @param options.draft tests the saved draft, or this definition, in place of the active version
   * @param options.mocks what calls to the outside answer, by step id
   * @param options.approvals how approvals are decided, by step id
   * @param options.record the row that starts it, for a workflow that rows start
   * @returns what would have happened
   * @throws InvalidDefinitionError; WorkflowError `workflow_not_found`, `workflow_not_active`, `invalid_test`, `unknown_step`
   */
  testWorkflow(id: string, options?: TestOptions): Promise<ExecutionSnapshot> {
    return testWorkflow(this.supabase, id, options);
  }

  /** Reads an execution with its step runs. @throws WorkflowError `execution_not_found` */
  getExecution(id: string): Promise<ExecutionDetails> {
    return getExecution(this.supabase, id);
  }

  /** Lists executions, newest first. */
  listExecutions(filter?: ExecutionFilter): Promise<Page<ExecutionRow>> {
    return listExecutions(this.supabase, filter);
  }

  /** Cancels an execution now. @throws WorkflowError `execution_not_found`, `execution_ended`, `not_allowed` */
  cancelExecution(id: string): Promise<ExecutionRow> {
    return cancelExecution(this.supabase, id);
  }

  /**
   * Repeats an execution that has ended, from the start, a top-level step or the failed one (`@failed`).
   *
   * @returns the new execution's id
   * @throws WorkflowError `execution_not_found`, `execution_not_ended`, `nothing_failed`, `unknown_step`, `retry_gap`
   */
  retryExecution(id: string, options?: RetryOptions): Promise<string> {
    return retryExecution(this.supabase, id, options);
  }

  /** Cancels executions of an organisation that have not ended, the newest first, up to 1,000 at a time. */
  cancelExecutions(filter: BulkFilter): Promise<BulkCancelled> {
    return cancelExecutions(this.supabase, filter);
  }

  /** Retries executions of an organisation that have ended, the oldest first, up to 1,000 at a time. */
  retryExecutions(filter: RetryFilter): Promise<BulkRetried> {
    return retryExecutions(this.supabase, filter);
  }

  /**
   * Starts a workflow by the clock.
   *
   * @param schedule exactly one of `cron` (with `timezone`), `at` and `every`, and what else differs from the defaults
   * @throws WorkflowError `invalid_schedule`, `invalid_cron`, `invalid_timezone`, `schedule_over`, `workflow_not_found`
   */
  scheduleWorkflow(id: string, schedule: ScheduleTime & ScheduleOptions): Promise<Schedule> {
    return scheduleWorkflow(this.supabase, id, schedule);
  }

  /** Changes a schedule; `{ enabled: false }` pauses it. @throws WorkflowError `schedule_not_found`, `schedule_of_definition` */
  updateSchedule(id: string, changes: ScheduleTime & ScheduleOptions): Promise<Schedule> {
    return updateSchedule(this.supabase, id, changes);
  }

  /** Ends a schedule. @throws WorkflowError `schedule_not_found`, `schedule_of_definition` */
  deleteSchedule(id: string): Promise<void> {
    return deleteSchedule(this.supabase, id);
  }

  /** Lists schedules, newest first. */
  listSchedules(filter?: ScheduleFilter): Promise<Page<Schedule>> {
    return listSchedules(this.supabase, filter);
  }

  /** The next runs of a cron expression, ten by default. @throws WorkflowError `invalid_cron`, `invalid_timezone` */
  nextRuns(cron: string, timezone?: string, count?: number): Promise<Date[]> {
    return nextRuns(this.supabase, cron, timezone, count);
  }

  /** Lists approval requests, newest first; open ones by default. */
  listApprovals(filter?: ApprovalFilter): Promise<Page<ApprovalRequest>> {
    return listApprovals(this.supabase, filter);
  }

  /**
   * Decides an approval as the signed-in user.
   *
   * @throws WorkflowError `not_an_approver`, `already_decided`, `approval_closed`, `requester_may_not_decide`
   */
  decideApproval(requestId: string, decision: Decision): Promise<ApprovalDecision> {
    return decideApproval(this.supabase, requestId, decision);
  }

  /** An organisation's secrets, without their values. */
  listSecrets(organizationId: string): Promise<Secret[]> {
    return listSecrets(this.supabase, organizationId);
  }

  /**
   * Stores a secret, or another value of it.
   *
   * @param options.allowedHosts hosts that may be sent it; as they were when left out
   * @throws WorkflowError `not_an_admin`, `empty_secret`
   */
  setSecret(
    organizationId: string,
    name: string,
    value: string,
    options?: { allowedHosts?: string[] },
  ): Promise<void> {
    return setSecret(this.supabase, organizationId, name, value, options);
  }

  /** Deletes a secret with its value. @throws WorkflowError `secret_not_found`, `not_allowed` */
  deleteSecret(organizationId: string, name: string): Promise<void> {
    return deleteSecret(this.supabase, organizationId, name);
  }

  /**
   * What a notification template's recipients would get: with an organisation, in its own words.
   *
   * @param data what the template is filled with; its sample by default
   * @param locale such as `de`; the organisation's by default
   * @throws WorkflowError `unknown_notification_template`, or as the Data API refuses; StepError `template_data_missing`
   */
  previewNotification(
    id: string,
    channel: TemplateChannel,
    data?: { [key: string]: Json },
    locale?: string,
    organizationId?: string,
  ): Promise<Rendered> {
    const { supabase } = this;
    return previewNotification(id, channel, {
      supabase,
      ...(data ? { data } : {}),
      ...(locale ? { locale } : {}),
      ...(organizationId ? { organizationId } : {}),
    });
  }

  /**
   * Watches one execution, across reconnects, until it has ended or `stop()` is called.
   *
   * @param onChange called with the whole state after each change, and once at the start
   */
  watchExecution(id: string, onChange: (snapshot: ExecutionSnapshot) => void, options?: WatchOptions): Watch {
    return watchExecution(this.supabase, id, onChange, options);
  }

  /**
   * Watches the status of an organisation's executions, across reconnects, until `stop()` is called.
   *
   * @param onChange called with the latest executions after each change, and once at the start
   */
  watchOrganization(
    organizationId: string,
    onChange: (change: OrganizationChange) => void,
    options?: WatchOrganizationOptions,
  ): OrganizationWatch {
    return watchOrganization(this.supabase, organizationId, onChange, options);
  }
}
