import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { publish } from '../../support/engine.ts';
import { driveQueued, type Progress } from './drive.ts';
import type { MakePeer } from './peer.ts';
import { atOnce, organizationId, type Shape, shapes, stepNames } from './shapes.ts';

const step = (id: string, { writes }: Shape) =>
  writes
    ? { id, type: 'action', action: 'createEntity', params: { entity: 'bench_rows', values: { step: id } } }
    : { id, type: 'transform', output: id };

const longestAwake = 20_000;

/** So that the next contender has the machine for itself. */
async function untilAsleep(sql: Sql): Promise<void> {
  for (const until = Date.now() + longestAwake; Date.now() < until; await sleep(50)) {
    const [row] = await sql`select from workflow.slots where expires_at > clock_timestamp() limit 1`;
    if (!row) return;
  }
  throw new Error(`The worker was still awake ${longestAwake / 1000} s after the last execution.`);
}

/** Our engine: its worker runs on the platform, executions are started here. */
const makeOurs: MakePeer = ({ stepsPerInvocation = 1 }) => {
  let sql: Sql;
  const workflows = new Map<string, string>();

  const start = async (shape: Shape): Promise<string> => {
    const [row] = await sql<{ id: string }[]>`
      insert into public.workflow_executions (workflow_id) values (${workflows.get(shape.id) ?? ''}) returning id`;
    return row?.id ?? '';
  };

  const progress = async (ids: string[]): Promise<Progress> => {
    const [row] = await sql<Progress[]>`
      select count(*) filter (where status = 'succeeded')::int as succeeded,
        count(*) filter (where status not in ('queued', 'running', 'waiting', 'succeeded'))::int as failed
      from public.workflow_executions where id = any(${ids})`;
    return row ?? { succeeded: 0, failed: 0 };
  };

  return {
    async setup(url) {
      sql = postgres(url, { max: 10, onnotice: () => {} });
      await sql`update workflow.settings set steps_per_invocation = ${stepsPerInvocation}, max_in_flight = ${atOnce}`;
      await sql`truncate public.workflow_executions cascade`;
      await sql`vacuum analyze`;
      for (const shape of shapes) {
        const steps = stepNames(shape).map((id) => step(id, shape));
        workflows.set(shape.id, (await publish(sql, { steps }, organizationId)).id);
      }
    },
    run: (shape, executions, concurrency) =>
      driveQueued({ start: () => start(shape), progress }, executions, concurrency),
    async close() {
      await sql`update workflow.settings set steps_per_invocation = default, max_in_flight = default`;
      await untilAsleep(sql);
      await sql.end({ timeout: 1 });
    },
  };
};

export default makeOurs;
