import type { Sql } from 'postgres';
import { afterAll, afterEach } from 'vitest';
import { claimOne, execution, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { useWorker } from '../../support/worker.ts';

/** A database and a worker whose notification steps are run by hand. */
export async function useNotifications() {
  const database = await useEngineDatabase();
  const worker = useWorker(database);
  const { sql } = database;
  afterEach(async () => {
    if ((await sql`select from workflow.strands`).length === 0) return;
    await sql`truncate public.workflow_executions cascade`;
    await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
  });

  /** Starts a workflow of one notification step. @returns what its claim, its rows and its end are */
  async function prepare(fields: object, organizationId?: string) {
    const step = { id: 'tell', type: 'notification', ...fields };
    const workflow = await publish(sql, { steps: [step] }, organizationId);
    const id = await start(sql, workflow);
    return { id, workflow, run: async () => worker.run([await claimOne(sql)]) };
  }

  /** Runs a notification step to its end. @returns its step run */
  async function notify(fields: object, organizationId?: string) {
    const { id, run } = await prepare(fields, organizationId);
    await run();
    return { execution: await execution(sql, id), ...(await stepRun(sql, id)) };
  }

  return { ...database, worker, prepare, notify };
}

export async function stepRun(sql: Sql, executionId: string) {
  const [row] =
    await sql`select * from public.workflow_execution_steps where execution_id = ${executionId} order by id limit 1`;
  return row as { id: string; status: string; output: never; error: never; attempt: number };
}

/** Sets variables of this process until the test file ends. */
export function useVariables(variables: Record<string, string>): void {
  Object.assign(process.env, variables);
  afterAll(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
  });
}

/** Does something with other variables; empty ones count as not set. */
export async function changed<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
