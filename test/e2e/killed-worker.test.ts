import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readState } from '../../supabase/local/state.ts';
import { adminSql, connect, platform, signUp, sql } from '../support/platform.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

// Leases end a second after their step's timeout, so that the test need not wait ten.
beforeAll(() => sql`update workflow.settings set lease_grace = '1 second'`);
afterAll(() => sql`update workflow.settings set lease_grace = default`);

it('a worker killed with SIGKILL in the middle of a database action loses nothing, and the action is there once', async () => {
  const { client, organizationId } = await signUp();
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
  const locker = connect(platform.db_url);
  const id = await locker.begin(async (tx) => {
    // The action waits for this lock, so the worker is inside its transaction when it dies.
    await tx`lock table public.leads in exclusive mode`;
    const started = await startExecution(client, workflowId);
    await blockedWorker();
    killWorker();
    return started;
  });
  const { execution, steps } = await finishedExecution(client, id);
  expect(execution).toMatchObject({ status: 'succeeded', output: 'done', steps_done: 2 });
  expect(steps.map(({ path, status, attempt }) => [path, status, attempt])).toEqual([
    ['write', 'succeeded', 1],
    ['after', 'succeeded', 1],
  ]);
  const { data } = await client.from('leads').select('email');
  expect(data).toEqual([{ email: 'once@example.com' }]);
});

/** Resolves when a worker's action waits for the lock. */
async function blockedWorker(): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const blocked = await adminSql`
      select from pg_stat_activity where application_name = 'workflow-worker' and wait_event_type = 'Lock'`;
    if (blocked.length > 0) return;
  }
  throw new Error('No worker came to the lock.');
}

function killWorker(): void {
  const pid = readState(platform.data_dir)?.pids.functions.worker;
  if (!pid) throw new Error(`No worker in ${join(platform.data_dir, 'platform.json')}`);
  process.kill(pid, 'SIGKILL');
}
