import { createClient, type SupabaseClient, type WebSocketLikeConstructor } from '@supabase/supabase-js';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type PlatformProcess, startPlatformProcess } from '../support/platform-process.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

// A platform of its own: whatever else runs on a worker would lose its lease with it.
let platform: PlatformProcess;
let sql: Sql;
let client: SupabaseClient;

beforeAll(async () => {
  platform = await startPlatformProcess();
  const { api_url, db_url, publishable_key, demo } = platform.details;
  sql = postgres(db_url, { max: 2, onnotice: () => {} });
  // Leases end a second after their step's timeout, so that the test need not wait ten.
  await sql`update workflow.settings set lease_grace = '1 second'`;
  client = createClient(api_url, publishable_key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WebSocket as unknown as WebSocketLikeConstructor },
  });
  await client.auth.signInWithPassword(demo);
});

afterAll(async () => {
  await sql?.end();
  await client?.realtime.disconnect();
  await platform?.stop();
});

it('a worker killed with SIGKILL in the middle of a database action loses nothing, and the action is there once', async () => {
  const organizationId = platform.details.demo.organization_id ?? '';
  const workflowId = await publishSteps(client, organizationId, [
    {
      id: 'write',
      type: 'action',
      action: 'createEntity',
      timeout: '1s',
      params: { entity: 'leads', values: { email: 'once@example.com', last_name: 'Once' } },
    },
    { id: 'after', type: 'transform', output: 'done' },
  ]);
  const id = await sql.begin(async (tx) => {
    // The action's foreign key waits for this row, so the worker is inside its transaction when it dies.
    await tx`select from public.organizations where id = ${organizationId} for update`;
    const started = await startExecution(client, workflowId);
    await blockedWorker();
    process.kill(platform.state().pids.functions.worker ?? 0, 'SIGKILL');
    return started;
  });
  const { execution, steps } = await finishedExecution(client, id);
  expect(execution).toMatchObject({ status: 'succeeded', output: 'done', steps_done: 2 });
  expect(steps.map(({ path, status, attempt }) => [path, status, attempt])).toEqual([
    ['write', 'succeeded', 1],
    ['after', 'succeeded', 1],
  ]);
  const { data } = await client.from('leads').select('email').eq('email', 'once@example.com');
  expect(data).toEqual([{ email: 'once@example.com' }]);
});

/** Resolves when a worker's action waits for the lock. */
async function blockedWorker(): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const blocked = await sql`
      select from pg_stat_activity where application_name = 'workflow-worker' and wait_event_type = 'Lock'`;
    if (blocked.length > 0) return;
  }
  throw new Error('No worker came to the lock.');
}
