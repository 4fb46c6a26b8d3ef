import type { Json } from '../errors.ts';
import type { Tables, TablesInsert } from './database.types.ts';
import { dataOf, rowOf } from './error.ts';
import { readPage } from './page.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';
import type { Page, PageOptions } from './types.ts';

/** A row of `scheduled_workflows`. */
export type Schedule = Omit<
  Tables<'scheduled_workflows'>,
  'missed_policy' | 'overlap_policy' | 'every' | 'queued_runs'
> & {
  missed_policy: 'skip' | 'once' | 'all';
  overlap_policy: 'allow' | 'skip' | 'queue';
  /** An interval as Postgres prints it, such as `00:15:00`. */
  every: string | null;
  queued_runs: string[];
};

/** When a schedule runs: exactly one of `cron`, `at` and `every`. */
export interface ScheduleTime {
  /** Five fields, such as `0 9 * * MON-FRI`. */
  cron?: string;
  /** IANA name of the time zone in which `cron` is read; UTC by default. */
  timezone?: string;
  /** Once, at this moment. */
  at?: Date | string;
  /** Again and again, such as `15 minutes`; 10 seconds at least. */
  every?: string;
}

export interface ScheduleOptions {
  name?: string;
  /** What the definition sees as `input`. */
  input?: { [key: string]: Json };
  /** Runs that were due while nothing swept: none, one for all (default), or each. */
  missedPolicy?: 'skip' | 'once' | 'all';
  /** How many missed or queued runs are kept; 10 by default. */
  missedLimit?: number;
  /** A run that is due while the last one is open: starts (default), is left out, or starts after it. */
  overlapPolicy?: 'allow' | 'skip' | 'queue';
  /** False pauses it. */
  enabled?: boolean;
}

/**
 * Starts a workflow by the clock.
 *
 * @throws WorkflowError `invalid_schedule`, `invalid_cron`, `invalid_timezone`, `schedule_over`, `workflow_not_found`, `not_allowed`
 */
export async function scheduleWorkflow(
  supabase: AnySupabaseClient,
  workflowId: string,
  schedule: ScheduleTime & ScheduleOptions,
): Promise<Schedule> {
  const row = { workflow_id: workflowId, ...columnsOf(schedule) };
  // The organisation is that of the workflow.
  const query = engineClient(supabase)
    .from('scheduled_workflows')
    .insert(row as never)
    .select();
  return (await rowOf(query, notFound(workflowId))) as unknown as Schedule;
}

/**
 * Changes a schedule. Where its time changes, the other kinds of time go.
 *
 * @throws WorkflowError `schedule_not_found`; else as `scheduleWorkflow`
 */
export async function updateSchedule(
  supabase: AnySupabaseClient,
  id: string,
  changes: ScheduleTime & ScheduleOptions,
): Promise<Schedule> {
  const timed = ['cron', 'at', 'every'].some((kind) => kind in changes);
  const columns = { ...(timed ? { cron: null, at: null, every: null } : {}), ...columnsOf(changes) };
  const query = engineClient(supabase).from('scheduled_workflows').update(columns).eq('id', id).select();
  return (await rowOf(query, notFound(id))) as unknown as Schedule;
}

/** Ends a schedule. @throws WorkflowError `schedule_not_found`, `schedule_of_definition` */
export async function deleteSchedule(supabase: AnySupabaseClient, id: string): Promise<void> {
  const query = engineClient(supabase).from('scheduled_workflows').delete().eq('id', id).select('id');
  await rowOf(query, notFound(id));
}

export interface ScheduleFilter extends PageOptions {
  organizationId?: string;
  workflowId?: string;
}

/** Lists schedules the caller may see, newest first. @throws WorkflowError */
export async function listSchedules(
  supabase: AnySupabaseClient,
  { organizationId, workflowId, ...page }: ScheduleFilter = {},
): Promise<Page<Schedule>> {
  let query = engineClient(supabase).from('scheduled_workflows').select();
  if (organizationId !== undefined) query = query.eq('organization_id', organizationId);
  if (workflowId !== undefined) query = query.eq('workflow_id', workflowId);
  return readPage<Schedule>(query as never, page);
}

/**
 * The next runs of a cron expression.
 *
 * @param timezone IANA name; UTC by default
 * @param count how many; 10 by default, at most 100
 * @throws WorkflowError `invalid_cron`, `invalid_timezone`
 */
export async function nextRuns(
  supabase: AnySupabaseClient,
  cron: string,
  timezone = 'UTC',
  count = 10,
): Promise<Date[]> {
  const runs = await dataOf(engineClient(supabase).rpc('workflow_next_runs', { cron, timezone, count }));
  return (runs as unknown as string[]).map((run) => new Date(run));
}

function columnsOf(schedule: ScheduleTime & ScheduleOptions): Partial<TablesInsert<'scheduled_workflows'>> {
  const { missedPolicy, missedLimit, overlapPolicy, at, ...same } = schedule;
  const named = {
    ...same,
    at: at instanceof Date ? at.toISOString() : at,
    missed_policy: missedPolicy,
    missed_limit: missedLimit,
    overlap_policy: overlapPolicy,
  };
  // What is left out keeps its default, or what it was.
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

const notFound = (id: string) => ({
  code: 'schedule_not_found',
  message: `There is no schedule ${id}, or you may not change it.`,
  hint: 'Check the id, and that you are an editor of its organisation.',
});
