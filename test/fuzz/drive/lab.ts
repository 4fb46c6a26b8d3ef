import postgres from 'postgres';
import { Engine } from '../../../functions/worker/engine.ts';
import { Runner } from '../../../functions/worker/run.ts';
import { Versions } from '../../../functions/worker/versions.ts';
import { connect } from '../../../shared/database/connect.ts';
import { registerFuzzActions } from './actions.ts';
import { addApprover } from './approvals.ts';
import { Clock } from './clock.ts';

/** The real engine in a database of its own, with the worker's own code and a clock that stands still. */
export interface Lab {
  engine: Engine;
  runner: Runner;
  clock: Clock;
  close(): Promise<void>;
}

/** @param url a migrated database that nobody else uses, as role `postgres` */
export async function openLab(url: string): Promise<Lab> {
  registerFuzzActions();
  await commitQuickly(url);
  // One connection: whatever is sent first is done first, awaited or not.
  const env = { SUPABASE_DB_URL: url, WORKFLOW_DB_CONNECTIONS: '1' } as Record<string, string>;
  const connections = connect({ get: (name) => env[name] }, 'workflow-worker');
  const engine = new Engine(connections);
  const runner = new Runner(engine, new Versions(connections));
  const clock = await Clock.stop(engine.sql);
  await addApprover(engine.sql);
  await engine.sql`update workflow.settings set broadcast = 'none'`;
  return { engine, runner, clock, close: () => connections.sql.end({ timeout: 1 }) };
}

/** Nothing here has to survive the machine; waiting for the disk took a third of the time. */
async function commitQuickly(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`alter database ${sql(new URL(url).pathname.slice(1))} set synchronous_commit = off`;
  await sql.end();
}

/** Empties it, after a workflow that has not ended well. */
export async function clean({ engine: { sql } }: Lab): Promise<void> {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
}
