import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, vi } from 'vitest';
import { registerActionHandler } from '../../shared/actions/registry.ts';
import { StepError } from '../../shared/errors.ts';
import { claim, execution, publish, start } from './engine.ts';
import type { EngineDatabase } from './engine-database.ts';
import { useWorker } from './worker.ts';

/** Definitions run to their end by the worker's own code, with time that passes by itself. */

export type Step = Record<string, unknown>;

export interface Run {
  workflowId: string;
  execution: Record<string, unknown>;
  /** The runs of a step, oldest first. */
  of(path: string): Record<string, unknown>[];
  /** How long it waited each time, in seconds. */
  waits: number[];
}

/** A step that gives this output. */
export const say = (id: string, output: unknown, more: object = {}): Step => ({
  id,
  type: 'transform',
  output,
  ...more,
});

export const act = (id: string, action: string, more: object = {}): Step => ({
  id,
  type: 'action',
  action,
  ...more,
});

registerActionHandler('fields.echo', (params) => params);
registerActionHandler('fields.fail', () => {
  throw new StepError({ code: 'fails', message: 'It fails.', retryable: true });
});
registerActionHandler(
  'fields.hang',
  (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  { kind: 'external' },
);

/** Call it at the top of the file. */
export function useRuns(database: EngineDatabase) {
  const { sql } = database;
  const worker = useWorker(database);
  const [ada, bob, organizationId] = [randomUUID(), randomUUID(), randomUUID()];

  beforeAll(async () => {
    await sql`insert into auth.users (id, email) values (${ada}, 'ada@f.io'), (${bob}, 'bob@f.io')`;
    await sql`insert into public.organizations (id, name) values (${organizationId}, 'Fields')`;
    await sql`insert into public.organization_members (organization_id, user_id, role)
      values (${organizationId}, ${ada}, 'owner'), (${organizationId}, ${bob}, 'admin')`;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await sql`truncate public.workflow_executions cascade`;
    await sql`select pgmq.purge_queue('workflow')`;
    await sql`update workflow.settings set clock_offset = default`;
  });

  /**
   * Runs steps to their end, as if Ada had started them. Where nothing is ready time moves to the next timer.
   * @param whenAsked what happens when an approval waits; it decides
   */
  async function run(
    steps: Step[],
    rest: object = {},
    input: object = {},
    whenAsked?: (requestId: string) => Promise<unknown>,
  ): Promise<Run> {
    const workflow = await publish(sql, { steps, ...rest }, organizationId);
    const id = await start(sql, workflow, input);
    await sql`update public.workflow_executions set created_by = ${ada} where id = ${id}`;
    const waits: number[] = [];
    for (let round = 0; round < 60; round += 1) {
      const claims = await claim(sql, 10);
      if (claims.length > 0) {
        await worker.run(claims);
        continue;
      }
      const ended = await execution(sql, id);
      if (ended.finished_at)
        return { execution: ended, of: await runsOf(id), workflowId: workflow.id, waits };
      const [request] = await sql`select id from public.approval_requests where status = 'pending'`;
      if (request && whenAsked) await whenAsked(request.id);
      else waits.push(await passTime());
    }
    throw new Error(`Execution ${id} does not end.`);
  }

  async function runsOf(id: string): Promise<Run['of']> {
    const rows =
      await sql`select * from public.workflow_execution_steps where execution_id = ${id} order by id`;
    return (path) => rows.filter((row) => row.path === path);
  }

  /** Moves the clock to the earliest timer. @returns by how many seconds */
  async function passTime(): Promise<number> {
    const [row] = await sql`
      with wait as (select greatest(min(due_at) - workflow.now(), '0') as time from workflow.timers)
      update workflow.settings set clock_offset = clock_offset + wait.time from wait
      returning extract(epoch from wait.time)::float8 as seconds`;
    return row?.seconds;
  }

  /** Decides as a signed-in user, under row-level security. */
  async function decide(user: string, requestId: string, decision: string, comment = ''): Promise<void> {
    await sql.begin(async (tx) => {
      const claims = JSON.stringify({ sub: user, role: 'authenticated' });
      await tx`select set_config('request.jwt.claims', ${claims}, true)`;
      await tx`set local role authenticated`;
      await tx`insert into public.approval_decisions ${tx({ request_id: requestId, decision, comment })}`;
    });
  }

  /** The lines that the worker writes into its log from now on. */
  function logged(): Record<string, unknown>[] {
    const lines: Record<string, unknown>[] = [];
    vi.spyOn(console, 'log').mockImplementation((line) => lines.push(JSON.parse(line)));
    return lines;
  }

  const outputOf = async (...steps: Step[]) => (await run(steps)).execution.output;
  return { ada, bob, run, outputOf, decide, logged };
}
