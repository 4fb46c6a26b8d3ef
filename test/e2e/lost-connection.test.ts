import { expect, it } from 'vitest';
import { useOwnPlatform } from '../support/own-platform.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

const { platform, sql, signUp } = await useOwnPlatform();

/** Ends the connection of a worker whose action waits for a lock, as soon as there is one. */
async function terminateBlockedWorker(): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const ended = await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'workflow-worker' and wait_event_type = 'Lock'`;
    if (ended.length > 0) return;
  }
  throw new Error('No worker came to the lock.');
}

it('a worker whose connections are terminated inside database actions lives on, and the actions are there once', async () => {
  const { client, organizationId } = await signUp();
  const step = { entity: 'leads', values: { email: 'lost@example.com', last_name: 'Lost' } };
  const workflowId = await publishSteps(client, organizationId, [
    { id: 'write', type: 'action', action: 'createEntity', params: step },
  ]);
  const worker = () => platform.state().pids.functions.worker;
  const before = worker();
  const connections = 4;
  for (let lost = 0; lost < connections; lost += 1) {
    const id = await sql.begin(async (tx) => {
      await tx`select from public.organizations where id = ${organizationId} for update`;
      const started = await startExecution(client, workflowId);
      await terminateBlockedWorker();
      return started;
    });
    const { execution, steps } = await finishedExecution(client, id);
    expect(execution.status).toBe('succeeded');
    expect(steps.map(({ attempt }) => attempt)).toEqual([1]);
    // At once, and not when a connection attempt or the lease has timed out.
    expect(Date.parse(execution.finished_at ?? '') - Date.parse(execution.started_at ?? '')).toBeLessThan(
      8_000,
    );
  }
  expect(worker()).toBe(before);
  const { count } = await client.from('leads').select('*', { count: 'exact', head: true });
  expect(count).toBe(connections);
});
