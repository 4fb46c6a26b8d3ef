import { randomUUID } from 'node:crypto';
import type { Sql } from 'postgres';
import { afterAll } from 'vitest';
import type { Claim } from '../../functions/worker/claim.ts';
import { Engine } from '../../functions/worker/engine.ts';
import { type HandOver, Invocation } from '../../functions/worker/invocation.ts';
import { Members } from '../../functions/worker/members.ts';
import { Runner } from '../../functions/worker/run.ts';
import { TestRuns } from '../../functions/worker/test-run.ts';
import { Versions } from '../../functions/worker/versions.ts';
import { connect } from '../../shared/database/connect.ts';
import type { TestWorkflow } from './engine.ts';
import type { EngineDatabase } from './engine-database.ts';

/** The worker's own code on an engine database, called by hand and without HTTP. */
export interface TestWorker {
  engine: Engine;
  /** Runs claims and reports them. @returns the successors */
  run(claims: Claim[]): Promise<Claim[]>;
  /** One invocation, from a wake-up to its end. */
  invoke(handOver: HandOver): Promise<void>;
  /** Plays the test runs that wait. */
  playTests(): Promise<void>;
}

/**
 * Call it at the top of the file.
 * @param now the clock of its memory of memberships, in milliseconds
 * @param startWithinMs how late it begins a database action of a set
 */
export function useWorker(
  { url }: EngineDatabase,
  { now, startWithinMs }: { now?: () => number; startWithinMs?: number } = {},
): TestWorker {
  const connections = connect(
    { get: (name) => (name === 'SUPABASE_DB_URL' ? url : undefined) },
    'workflow-worker',
  );
  afterAll(() => connections.sql.end({ timeout: 1 }));
  const engine = new Engine(connections);
  const runner = new Runner(engine, new Versions(engine), new Members(engine, now), startWithinMs);
  return {
    engine,
    run: (claims) => runner.run(claims, null, 'queue'),
    invoke: (handOver) => new Invocation(engine, runner, handOver).run({}),
    playTests: () => new TestRuns(connections, async () => false).run(),
  };
}

/** Lets a workflow run as a new user, who is an editor of its organisation. @returns the user's id */
export async function runAsMember(sql: Sql, { id, organizationId }: TestWorkflow): Promise<string> {
  const user = randomUUID();
  await sql`insert into auth.users (id, email, raw_app_meta_data)
    values (${user}, ${`${user}@example.com`}, '{"plan": "team"}')`;
  await sql`insert into public.organizations (id, name) values (${organizationId}, 'Test') on conflict do nothing`;
  await sql`insert into public.organization_members (organization_id, user_id, role)
    values (${organizationId}, ${user}, 'editor')`;
  await sql`update public.workflow_versions set run_as = ${user} where workflow_id = ${id}`;
  return user;
}
