import { randomUUID } from 'node:crypto';
import type { Row } from 'postgres';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { registerActionHandler } from '../../shared/actions/registry.ts';
import { claim, publish, start, type TestWorkflow } from './engine.ts';
import type { EngineDatabase } from './engine-database.ts';
import { useWorker } from './worker.ts';

/** Workflows that run each other, with the worker's own code; each test has an organisation of its own. */
export interface SubWorkflows {
  /** Fails so many times before it does not: the step `broken`. */
  failures: number;
  publish(steps: unknown[], rest?: object, organization?: string): Promise<TestWorkflow>;
  /** Starts a workflow whose step `call` runs another, with these steps, up to where nothing is ready. */
  started(
    steps: unknown[],
    params?: object,
    rest?: object,
    after?: unknown[],
  ): Promise<{ id: string; child: TestWorkflow; parent: TestWorkflow }>;
  /** Claims and runs until nothing is ready. */
  drain(): Promise<void>;
  cancel(id: string): Promise<unknown>;
  childrenOf(id: string): Promise<Row[]>;
  /** The only one. */
  childOf(id: string): Promise<Row>;
  /** The run of a step. */
  step(id: string, path?: string): Promise<Row | undefined>;
  /** Everything that ended executions must not leave behind. */
  left(): Promise<number>;
}

/** A step that runs a workflow. */
export const call = (workflow: string, params: object = {}, rest: object = {}) => ({
  id: 'call',
  type: 'action',
  action: 'runWorkflow',
  params: { workflow, ...params },
  ...rest,
});
export const pause = { id: 'pause', type: 'delay', for: '1h' };
export const broken = { id: 'broken', type: 'action', action: 'test.breakOften', params: {} };

/** Call it at the top of the file. */
export function useSubWorkflows(database: EngineDatabase): SubWorkflows {
  const { sql } = database;
  const worker = useWorker(database);
  let organizationId = randomUUID();

  const tools: SubWorkflows = {
    failures: 0,
    publish: (steps, rest = {}, organization = organizationId) =>
      publish(sql, { steps, ...rest }, organization),
    async started(steps, params = {}, rest = {}, after = []) {
      const child = await tools.publish(steps);
      const parent = await tools.publish([call(child.id, params, rest), ...after]);
      const id = await start(sql, parent);
      await tools.drain();
      return { id, child, parent };
    },
    async drain() {
      for (;;) {
        const claims = await claim(sql, 10);
        await worker.run(claims);
        const [row] = await sql`select workflow.has_word() as more`;
        if (claims.length === 0 && !row?.more) return;
      }
    },
    cancel: async (id) => sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`,
    childrenOf: async (id) =>
      sql`select * from public.workflow_executions where caused_by = ${id} order by id`,
    async childOf(id) {
      const [child, ...others] = await tools.childrenOf(id);
      if (!child || others.length > 0) throw new Error(`Not one child of ${id}.`);
      return child;
    },
    async step(id, path = 'call') {
      const [row] = await sql`
        select * from public.workflow_execution_steps where execution_id = ${id} and path = ${path}`;
      return row;
    },
    async left() {
      const [row] = await sql`
        select (select count(*)::int from workflow.strands) + (select count(*)::int from workflow.timers)
          + (select count(*)::int from workflow.awaited_executions)
          + (select count(*)::int from workflow.ended_executions)
          + (select count(*)::int from (select from pgmq.q_workflow union all select from pgmq.q_workflow_bulk) m) as count`;
      return row?.count;
    },
  };
  registerActionHandler('test.breakOften', () => {
    tools.failures -= 1;
    if (tools.failures >= 0) throw new Error('It broke.');
    return 'done';
  });

  beforeAll(() => sql`update workflow.settings set broadcast = 'none'`);
  beforeEach(() => {
    organizationId = randomUUID();
    tools.failures = 0;
  });
  afterEach(async () => {
    await sql`truncate public.workflow_executions, workflow.ended_executions cascade`;
    await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
    await sql`update workflow.settings set clock_offset = '0', max_in_flight = default, max_depth = default`;
  });
  return tools;
}
