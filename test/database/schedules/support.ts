import type { Sql, TransactionSql } from 'postgres';
import { chain, publish, type TestWorkflow } from '../../support/engine.ts';

/** A row of scheduled_workflows. */
export interface Schedule {
  id: string;
  workflow_id: string;
  organization_id: string;
  cron: string | null;
  enabled: boolean;
  suspended_at: Date | null;
  missed_policy: string;
  overlap_policy: string;
  next_run_at: Date | null;
  last_run_at: Date | null;
  queued_runs: Date[];
  last_error: { code: string; message: string; hint: string | null; at: string } | null;
  failures: number;
}

export const publishChain = (sql: Sql) => publish(sql, { steps: chain('one') });

export async function schedule(
  sql: Sql,
  workflow: Pick<TestWorkflow, 'id'>,
  values: Record<string, unknown>,
): Promise<Schedule> {
  const [row] = await sql<Schedule[]>`
    insert into public.scheduled_workflows ${sql({ workflow_id: workflow.id, ...values } as never)} returning *`;
  return row as Schedule;
}

export async function scheduleRow(sql: Sql, { id }: Pick<Schedule, 'id'>): Promise<Schedule> {
  const [row] = await sql<Schedule[]>`select * from public.scheduled_workflows where id = ${id}`;
  if (!row) throw new Error(`no schedule ${id}`);
  return row;
}

/** Sets the engine's clock; it goes on from there. */
export async function setClock(sql: Sql, at: string): Promise<void> {
  await sql`update workflow.settings set clock_offset = ${at}::timestamptz - clock_timestamp()`;
}

/** @returns how many executions schedules have started */
export async function sweep(sql: Sql | TransactionSql): Promise<number> {
  const [row] = await sql`select workflow.sweep() as done`;
  return row?.done.scheduled;
}

/** For which moments a workflow was started, in the order of the starts. */
export async function startedAt(sql: Sql, workflow: Pick<TestWorkflow, 'id'>): Promise<string[]> {
  const rows = await sql<{ at: string }[]>`
    select trigger ->> 'scheduled_at' as at from public.workflow_executions where workflow_id = ${workflow.id} order by id`;
  return rows.map(({ at }) => new Date(at).toISOString());
}

/** Ends the open executions of a workflow. */
export async function endAll(sql: Sql, workflow: Pick<TestWorkflow, 'id'>): Promise<void> {
  await sql`update public.workflow_executions set status = 'cancelled'
    where workflow_id = ${workflow.id} and finished_at is null`;
}
