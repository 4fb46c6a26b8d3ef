import { beforeAll, expect, it } from 'vitest';
import { loseLeases } from '../support/engine.ts';
import { useOwnPlatform } from '../support/own-platform.ts';
import { mailOf, sendGridVariables, startSendGrid } from '../support/providers/sendgrid.ts';
import type { TestOwner } from '../support/users.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

const sendGrid = await startSendGrid();
// A platform of its own: whatever else runs on a worker would lose its lease with it.
const { platform, sql, signUp } = await useOwnPlatform({ variables: sendGridVariables(sendGrid) });
const killWorker = () => process.kill(platform.state().pids.functions.worker ?? 0, 'SIGKILL');
let owner: TestOwner;

beforeAll(async () => {
  // Leases end a second after their step's timeout, so that the test need not wait ten.
  await sql`update workflow.settings set lease_grace = '1 second'`;
  owner = await signUp();
});

it('a worker killed with SIGKILL in the middle of a database action loses nothing, and the action is there once', async () => {
  const { client, organizationId } = owner;
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
    killWorker();
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

it('a worker killed with SIGKILL between sending and settling sends again under the same key, into the same row', async () => {
  const { client, organizationId } = owner;
  const workflowId = await publishSteps(client, organizationId, [
    {
      id: 'tell',
      type: 'notification',
      channel: 'email',
      to: 'ada@example.com',
      subject: 'Hello',
      body: 'Hello Ada',
    },
  ]);
  sendGrid.next.push(async () => {
    killWorker();
    // Its lease would last a minute: time passes, and the sweep under pg_cron comes by.
    await loseLeases(sql);
    await sql`select workflow.sweep()`;
    return { status: 202, headers: { 'x-message-id': 'nobody-reads-this' } };
  });
  const id = await startExecution(client, workflowId);
  const { execution, steps } = await finishedExecution(client, id);
  expect(execution).toMatchObject({ status: 'succeeded', output: { status: 'sent' } });
  const key = steps[0]?.id;
  const keys = sendGrid.requests.map((request) => mailOf(request).custom_args?.delivery_key);
  expect(keys).toEqual([key, key]);
  const { data } = await client.from('email_logs').select('*').eq('execution_id', id);
  expect(data).toEqual([
    expect.objectContaining({ idempotency_key: key, status: 'sent', attempts: 2, resumed: 1 }),
  ]);
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
