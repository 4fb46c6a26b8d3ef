import type { Environment } from './environment.ts';

/** What the database says after the run. */
export interface Findings {
  executions: Execution[];
  steps: StepRun[];
  /** Rows of `chaos_effects`. */
  effects: { execution_id: string; step: string; note: string | null }[];
  /** Sum over the shared counter rows. */
  count: number;
  /** Leases lost, by step run. */
  lostLeases: Map<string, number>;
  /** Strands, leases, timers, messages and waits for executions that are still there. */
  leftovers: Record<'strands' | 'leases' | 'timers' | 'messages' | 'waits', number>;
}

export interface Execution {
  id: string;
  shape: string;
  /** The number it was started with. */
  number: number;
  status: string;
  steps_done: number;
}

export interface StepRun {
  id: string;
  execution_id: string;
  scope_id: string;
  path: string;
  type: string;
  iteration: number;
  status: string;
  attempt: number;
  error: { code: string; message: string } | null;
}

/** Reads it all; call it when nothing is disturbed any more. */
export async function gather({ sql }: Environment): Promise<Findings> {
  const executions = await sql<Execution[]>`
    select e.id, w.name as shape, e.status, e.steps_done,
      coalesce(e.input ->> 'number', e.trigger #>> '{record,number}')::int as number
    from public.workflow_executions e join public.workflows w on w.id = e.workflow_id order by e.id`;
  const steps = await sql<StepRun[]>`
    select id, execution_id, scope_id, path, type, iteration, status, attempt, error
    from public.workflow_execution_steps order by id`;
  const effects = await sql<Findings['effects']>`select execution_id, step, note from public.chaos_effects`;
  const lost = await sql<{ step_run_id: string; leases: number }[]>`
    select step_run_id, count(*)::int as leases from chaos.lost_leases group by step_run_id`;
  const [totals] = await sql<({ count: number } & Findings['leftovers'])[]>`
    select (select sum(count)::int from public.chaos_counters) as count,
      (select count(*)::int from workflow.strands) as strands, (select count(*)::int from workflow.leases) as leases,
      (select count(*)::int from workflow.timers) as timers,
      (select count(*)::int from (select from pgmq.q_workflow union all select from pgmq.q_workflow_bulk) m) as messages,
      (select count(*)::int from workflow.awaited_executions) + (select count(*)::int from workflow.ended_executions) as waits`;
  const { count = 0, ...leftovers } = totals ?? { strands: 0, leases: 0, timers: 0, messages: 0, waits: 0 };
  return {
    executions,
    steps,
    effects,
    count,
    leftovers,
    lostLeases: new Map(lost.map(({ step_run_id, leases }) => [step_run_id, leases])),
  };
}
