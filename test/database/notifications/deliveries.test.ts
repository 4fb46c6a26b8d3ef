import { expect, it } from 'vitest';
import { claimOne, loseLeases } from '../../support/engine.ts';
import { mailOf, sendGridVariables, startSendGrid, tooMany } from '../../support/providers/sendgrid.ts';
import { runAsMember } from '../../support/worker.ts';
import { stepRun, useNotifications, useVariables } from './support.ts';

const { sql, prepare, notify, worker } = await useNotifications();
const sendGrid = await startSendGrid();
useVariables(sendGridVariables(sendGrid));

const mail = { channel: 'email', to: 'ada@example.com', subject: 'Hello', body: 'Hello Ada' };
const rowsOf = (executionId: string) =>
  sql`select * from public.email_logs where execution_id = ${executionId} order by id`;

it('a message is in the delivery log before it is sent, and settled after', async () => {
  let before: unknown;
  sendGrid.next.push(async () => {
    before = (await sql`select status, provider_id from public.email_logs`)[0];
    return { status: 202, headers: { 'x-message-id': 'the-id' } };
  });
  const { id, execution, output } = await notify(mail);
  expect(before).toEqual({ status: 'sending', provider_id: null });
  const [row, ...others] = await rowsOf(execution.id);
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    idempotency_key: id,
    organization_id: execution.organization_id,
    workflow_id: execution.workflow_id,
    step_run_id: id,
    recipient: 'ada@example.com',
    subject: 'Hello',
    body: 'Hello Ada',
    status: 'sent',
    attempts: 1,
    resumed: 0,
    provider: 'sendgrid',
    provider_id: 'the-id',
    error: null,
    sent_at: expect.any(Date),
  });
  expect(output).toEqual({
    channel: 'email',
    id: row?.id,
    status: 'sent',
    providerId: 'the-id',
    deliveries: [{ to: 'ada@example.com', id: row?.id, status: 'sent', providerId: 'the-id' }],
  });
});

it('a message whose worker died while it was sent goes out again under its key, and its row says so', async () => {
  const { id, run } = await prepare(mail);
  const before = sendGrid.requests.length;
  // The first worker is told what became of its message when another has long sent it again.
  let answer: (reply: typeof tooMany) => void = () => {};
  sendGrid.next.push(() => new Promise((resolve) => (answer = resolve)));
  const first = worker.run([await claimOne(sql)]);
  await sendGrid.received(before + 1);
  await loseLeases(sql);
  await run();
  const [row] = await rowsOf(id);
  expect(row).toMatchObject({ status: 'sent', attempts: 2, resumed: 1 });
  const keys = sendGrid.requests.slice(before).map((request) => mailOf(request).custom_args?.delivery_key);
  expect(keys).toEqual([row?.idempotency_key, row?.idempotency_key]);
  answer(tooMany);
  await first;
  expect((await rowsOf(id))[0]).toEqual(row);
});

it('a late worker sends nothing', async () => {
  const { id } = await prepare(mail);
  const before = sendGrid.requests.length;
  const claimed = await claimOne(sql);
  await sql`update workflow.leases set token = gen_random_uuid()`;
  await worker.run([claimed]);
  expect(sendGrid.requests).toHaveLength(before);
  expect(await rowsOf(id)).toEqual([]);
});

it('a cancelled execution sends nothing any more', async () => {
  const { id } = await prepare(mail);
  const before = sendGrid.requests.length;
  const claimed = await claimOne(sql);
  await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
  await worker.run([claimed]);
  expect(sendGrid.requests).toHaveLength(before);
});

it('a message that failed and may be tried again keeps its row', async () => {
  sendGrid.next.push(() => tooMany);
  const { id, run } = await prepare({ ...mail, retry: { attempts: 2, backoff: 'none', delay: '1s' } });
  await run();
  const [failed] = await rowsOf(id);
  expect(failed).toMatchObject({
    status: 'failed',
    attempts: 1,
    sent_at: null,
    error: { code: 'provider_rate_limited', retryable: true, details: { status: 429 } },
  });
  await sql`update workflow.timers set due_at = '-infinity'`;
  await sql`select workflow.fire_timers()`;
  await run();
  const rows = await rowsOf(id);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ id: failed?.id, status: 'sent', attempts: 2, resumed: 0, error: null });
});

it('of several recipients each has a row, and a further attempt writes only to those not reached', async () => {
  const to = ['ada@example.com', 'ben@example.com', 'ada@example.com', 'cleo@example.com'];
  const before = sendGrid.requests.length;
  sendGrid.next.push(
    () => ({ status: 202 }),
    () => ({ status: 503 }),
  );
  const { id, run } = await prepare({ ...mail, to, retry: { attempts: 2, backoff: 'none', delay: '1s' } });
  await run();
  const failed = await stepRun(sql, id);
  expect(failed.error).toMatchObject({
    code: 'provider_unavailable',
    details: { sent: 2, failed: 1 },
    message: expect.stringContaining('1 of 3 messages failed'),
  });
  await sql`update workflow.timers set due_at = '-infinity'`;
  await sql`select workflow.fire_timers()`;
  await run();
  const rows = await rowsOf(id);
  expect(rows.map(({ recipient }) => recipient).sort()).toEqual([...new Set(to)].sort());
  expect(rows.map(({ idempotency_key }) => idempotency_key).sort()).toEqual(
    [...new Set(to)].sort().map((recipient) => `${failed.id}:${recipient}`),
  );
  expect(rows.map(({ status }) => status)).toEqual(['sent', 'sent', 'sent']);
  expect(sendGrid.requests).toHaveLength(before + 4);
  const { output } = await stepRun(sql, id);
  expect(output).toMatchObject({ status: 'sent', deliveries: [{}, {}, {}] });
});

it('an attempt that failed does not hide that another one has sent the message', async () => {
  const { id } = await notify(mail);
  const [row] = await rowsOf(
    (await sql`select execution_id from public.email_logs where step_run_id = ${id}`)[0]?.execution_id,
  );
  await sql`select workflow.settle_delivery('email', ${row?.id}, 1, '{"status": "failed", "error": {"code": "timeout"}}')`;
  expect((await sql`select status from public.email_logs where id = ${row?.id}`)[0]).toEqual({
    status: 'sent',
  });
});

it('members see the deliveries that their role lets them see, and only the engine writes', async () => {
  const { id, workflow, run } = await prepare(mail);
  const editor = await runAsMember(sql, workflow);
  await sql`update public.workflow_executions set min_role = 'admin' where id = ${id}`;
  await run();
  const seenBy = (role: string) =>
    sql.begin(async (tx) => {
      await tx`update public.organization_members set role = ${role} where user_id = ${editor}`;
      await tx`select workflow.assume_user(${editor}, ${workflow.organizationId})`;
      await tx`set local role authenticated`;
      return (await tx`select recipient from public.email_logs`).length;
    });
  expect([await seenBy('editor'), await seenBy('admin')]).toEqual([0, 1]);
  for (const role of ['authenticated', 'service_role']) {
    const change = sql.begin(async (tx) => {
      await tx`select set_config('role', ${role}, true)`;
      await tx`update public.email_logs set status = 'sending'`;
    });
    await expect(change).rejects.toMatchObject({ code: '42501' });
  }
});

it('deliveries go when their time is over, and not before', async () => {
  await notify(mail);
  await notify(mail);
  await sql`update public.email_logs set created_at = workflow.now() - interval '31 days'
    where id = (select min(id::text)::uuid from public.email_logs)`;
  const count = async () => (await sql`select from public.email_logs`).length;
  const all = await count();
  await sql`select workflow.prune()`;
  expect(await count()).toBe(all);
  await sql`insert into public.email_events (organization_id, event, recipient, created_at)
    values (gen_random_uuid(), 'open', 'x', workflow.now() - interval '31 days'), (gen_random_uuid(), 'open', 'x', workflow.now())`;
  await sql`update workflow.settings set keep_deliveries = '30 days'`;
  await sql`select workflow.prune()`;
  expect(await count()).toBe(all - 1);
  expect(await sql`select from public.email_events`).toHaveLength(1);
});

it('the channel log has its rows, too', async () => {
  const { id, output } = await notify({ channel: 'log', body: 'Hello' });
  const [row] = await sql`select * from public.notification_logs where step_run_id = ${id}`;
  expect(row).toMatchObject({
    status: 'sent',
    recipient: '',
    body: 'Hello',
    provider: 'log',
    provider_id: null,
  });
  expect(output).toMatchObject({ channel: 'log', id: row?.id, status: 'sent' });
});
