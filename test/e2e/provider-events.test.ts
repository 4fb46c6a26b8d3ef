import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { useOwnPlatform } from '../support/own-platform.ts';
import { sendGridVariables, startSendGrid } from '../support/providers/sendgrid.ts';
import { signedEvents, signedStatus, verificationKey } from '../support/providers/signatures.ts';
import { authToken, formOf, startTwilio, twilioVariables } from '../support/providers/twilio.ts';
import type { TestOwner } from '../support/users.ts';
import { publishSteps, runSteps, stepOf } from '../support/workflows.ts';

// What SendGrid and Twilio report, through the gateway and the function `events`.

const [sendGrid, twilio] = [await startSendGrid(), await startTwilio()];
const publicUrl = 'https://project.example/functions/v1/events';
const { platform, sql, signUp } = await useOwnPlatform({
  variables: {
    ...sendGridVariables(sendGrid),
    ...twilioVariables(twilio),
    SENDGRID_WEBHOOK_PUBLIC_KEY: verificationKey,
    WORKFLOW_EVENTS_URL: publicUrl,
  },
});
const post = (path: string, request: RequestInit) =>
  fetch(`${platform.details.api_url}/functions/v1/events/${path}`, request);
let owner: TestOwner;
beforeAll(async () => {
  owner = await signUp();
});

/** Sends a message through a workflow. @returns its row in the log */
async function sent(fields: object, table: string) {
  const snapshot = await runSteps(owner, [{ id: 'tell', type: 'notification', body: 'x', ...fields }]);
  return row(table, stepOf(snapshot, 'tell').id);
}
async function row(table: string, key: string) {
  const { data } = await owner.client.from(table).select('*').eq('idempotency_key', key).single();
  return data;
}

/** A message that has been sent, as the worker leaves it. */
async function logged(table: string, recipient: string) {
  const [log] = await sql`
    insert into ${sql(table)} (idempotency_key, organization_id, min_role, workflow_id, execution_id, step_run_id,
      recipient, status, sent_at, provider_id)
    values (gen_random_uuid(), ${owner.organizationId}, 'viewer', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
      ${recipient}, 'sent', now(), 'the-provider-id') returning *`;
  return log as {
    id: string;
    idempotency_key: string;
    recipient: string;
    provider_id: string;
    status: string;
  };
}
const mail = () => logged('email_logs', `${randomUUID()}@example.com`);
const text = () => logged('sms_logs', '+442079460101');

const event = (log: { idempotency_key: string; recipient: string }, name: string, rest: object = {}) => ({
  email: log.recipient,
  timestamp: Math.floor(Date.now() / 1_000),
  event: name,
  sg_event_id: randomUUID(),
  sg_message_id: 'sendgrid-message.filter0001',
  delivery_key: log.idempotency_key,
  ...rest,
});
const eventsOf = async (id: string) =>
  (await owner.client.from('email_events').select('*').eq('email_log_id', id).order('id')).data ?? [];
const suppressed = async (recipient: string) => [
  ...(await sql`select reason from public.notification_suppressions
    where recipient = ${recipient} and organization_id = ${owner.organizationId}`),
];

describe("SendGrid's events", () => {
  it('are kept, and tell the message what became of it', async () => {
    const log = await mail();
    const answer = await post(
      'sendgrid',
      signedEvents([
        event(log, 'processed'),
        event(log, 'delivered', { response: '250 OK' }),
        event(log, 'click', { url: 'https://example.com/offer' }),
        event({ ...log, idempotency_key: 'of-somebody-else' }, 'delivered'),
      ]),
    );
    expect([answer.status, await answer.json()]).toEqual([200, { stored: 3 }]);
    expect((await eventsOf(log.id)).map(({ event, url }) => [event, url])).toEqual([
      ['processed', null],
      ['delivered', null],
      ['click', 'https://example.com/offer'],
    ]);
    expect(await row('email_logs', log.idempotency_key)).toMatchObject({
      status: 'delivered',
      delivered_at: expect.any(String),
    });
  });

  it('are stored once, also when they come again in another request', async () => {
    const log = await mail();
    const delivered = event(log, 'delivered');
    await post('sendgrid', signedEvents([delivered]));
    const again = await post('sendgrid', signedEvents([delivered, event(log, 'open')]));
    expect(await again.json()).toEqual({ stored: 1 });
    expect(await eventsOf(log.id)).toHaveLength(2);
  });

  it.each([
    ['bounce', { type: 'bounce', reason: '550 no such user' }, 'bounced', 'failed', 'bounced'],
    ['bounce', { type: 'blocked', reason: '421 busy' }, undefined, 'failed', 'bounced'],
    ['dropped', { reason: 'Bounced Address' }, undefined, 'failed', 'dropped'],
    ['spamreport', {}, 'complained', 'sent', undefined],
    ['unsubscribe', {}, 'unsubscribed', 'sent', undefined],
  ])('%s %j: suppressed as %s, the message is %s', async (name, rest, reason, status, code) => {
    const log = await mail();
    await post('sendgrid', signedEvents([event(log, name, rest)]));
    expect(await suppressed(log.recipient)).toEqual(reason ? [{ reason }] : []);
    expect(await row('email_logs', log.idempotency_key)).toMatchObject({
      status,
      error: code ? { code } : null,
    });
  });

  it('of somebody who wants no more end what is sent to them', async () => {
    const message = { channel: 'email', to: `${randomUUID()}@example.com`, subject: 'x' };
    const log = await sent(message, 'email_logs');
    await post('sendgrid', signedEvents([event(log, 'unsubscribe')]));
    const before = sendGrid.requests.length;
    expect(await sent(message, 'email_logs')).toMatchObject({ status: 'skipped', reason: 'unsubscribed' });
    expect(sendGrid.requests).toHaveLength(before);
  });

  it('settle the message of a worker that died before it could', async () => {
    const log = await mail();
    await sql`update public.email_logs set status = 'sending', sent_at = null where id = ${log.id}`;
    await post('sendgrid', signedEvents([event(log, 'processed')]));
    expect(await row('email_logs', log.idempotency_key)).toMatchObject({ status: 'sent' });
  });

  it('start workflows, since their table can be watched', async () => {
    await sql`select workflow.watch_table('public.email_events')`;
    const workflowId = await publishSteps(
      owner.client,
      owner.organizationId,
      [{ id: 'note', type: 'transform', output: { $: 'trigger.record.event' } }],
      { trigger: { type: 'event', table: 'email_events', events: ['insert'] } },
    );
    await post('sendgrid', signedEvents([event(await mail(), 'open')]));
    const started = async () =>
      (await sql`select status, output from public.workflow_executions where workflow_id = ${workflowId}`)[0];
    await expect.poll(started, { timeout: 20_000 }).toMatchObject({ status: 'succeeded', output: 'open' });
  });
});

describe("Twilio's status callbacks", () => {
  const callback = (
    log: { idempotency_key: string; provider_id: string },
    fields: Record<string, string>,
  ) => {
    const query = `?key=${log.idempotency_key}`;
    const form = { MessageSid: log.provider_id, AccountSid: 'AC1', To: '+442079460101', ...fields };
    return post(`twilio${query}`, signedStatus(`${publicUrl}/twilio${query}`, form, authToken));
  };

  it('tell the message what became of it, whatever their order', async () => {
    const log = await sent({ channel: 'sms', to: '+442079460101' }, 'sms_logs');
    expect(formOf(twilio.requests.at(-1) as never).StatusCallback).toBe(
      `${publicUrl}/twilio?key=${log.idempotency_key}`,
    );
    expect((await callback(log, { MessageStatus: 'delivered' })).status).toBe(204);
    expect((await callback(log, { MessageStatus: 'sent' })).status).toBe(204);
    expect((await callback(log, { MessageStatus: 'failed' })).status).toBe(204);
    expect(await row('sms_logs', log.idempotency_key)).toMatchObject({
      status: 'delivered',
      delivered_at: expect.any(String),
    });
  });

  it('say why a message did not arrive, and who wants no more', async () => {
    const log = await text();
    await callback(log, { MessageStatus: 'undelivered', ErrorCode: '30005' });
    expect(await row('sms_logs', log.idempotency_key)).toMatchObject({
      status: 'failed',
      error: { code: 'undelivered', details: { provider_code: '30005' } },
    });
    expect(await suppressed(log.recipient)).toEqual([]);
    await callback(await text(), { MessageStatus: 'failed', ErrorCode: '21610' });
    expect(await suppressed(log.recipient)).toEqual([{ reason: 'unsubscribed' }]);
  });

  it('that are forged or repeated are refused, and change nothing', async () => {
    const log = await text();
    const query = `?key=${log.idempotency_key}`;
    const form = { MessageSid: log.provider_id, MessageStatus: 'failed' };
    const url = `${publicUrl}/twilio${query}`;
    const forged: RequestInit[] = [
      signedStatus(url, form, 'another token'),
      signedStatus(`${publicUrl}/twilio?key=another`, form, authToken),
      {
        ...signedStatus(url, { ...form, MessageStatus: 'sent' }, authToken),
        body: new URLSearchParams(form),
      },
      { method: 'POST', body: new URLSearchParams(form) },
    ];
    for (const request of forged) {
      const answer = await post(`twilio${query}`, request);
      expect([answer.status, (await answer.json()).code]).toEqual([401, 'invalid_signature']);
    }
    expect(await row('sms_logs', log.idempotency_key)).toMatchObject({ status: 'sent', error: null });
    const right = signedStatus(url, form, authToken);
    expect((await post(`twilio${query}`, right)).status).toBe(204);
    const replayed = await post(`twilio${query}`, right);
    expect([replayed.status, (await replayed.json()).code]).toEqual([401, 'event_replayed']);
  });
});

describe('refused with 401, and nothing is stored', () => {
  const now = Math.floor(Date.now() / 1_000);
  const refusedBy = async (request: RequestInit, log: { id: string }) => {
    const answer = await post('sendgrid', request);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await eventsOf(log.id)).toEqual([]);
    return [answer.status, (await answer.json()).code];
  };

  it('a body that is not the one that was signed, a signature of nobody, and none', async () => {
    const log = await mail();
    const signed = signedEvents([event(log, 'delivered')]);
    const other = { ...signed, body: JSON.stringify([event(log, 'bounce')]) };
    const garbled = {
      ...signed,
      headers: { ...signed.headers, 'x-twilio-email-event-webhook-signature': 'AAAA' },
    };
    for (const request of [other, garbled, { method: 'POST', body: signed.body as string }]) {
      expect(await refusedBy(request, log)).toEqual([401, 'invalid_signature']);
    }
  });

  it.each([
    ['a day ago', now - 25 * 3_600],
    ['in the future', now + 600],
  ])('a request that was signed %s', async (_, time) => {
    const log = await mail();
    expect(await refusedBy(signedEvents([event(log, 'delivered')], time), log)).toEqual([
      401,
      'signature_expired',
    ]);
  });

  it('a request that has been received before', async () => {
    const log = await mail();
    const request = signedEvents([event(log, 'open')]);
    expect((await post('sendgrid', request)).status).toBe(200);
    const replayed = await post('sendgrid', request);
    expect([replayed.status, (await replayed.json()).code]).toEqual([401, 'event_replayed']);
    expect(await eventsOf(log.id)).toHaveLength(1);
  });
});

it('whatever else comes is refused', async () => {
  expect((await post('mailgun', { method: 'POST' })).status).toBe(404);
  expect((await post('sendgrid', { method: 'GET' })).status).toBe(405);
  expect((await post('sendgrid', signedEvents({ not: 'a list' }))).status).toBe(400);
  const odd = [7, null, {}, { event: 'x', sg_event_id: 'y', timestamp: 'z', delivery_key: 'k' }];
  expect(await (await post('sendgrid', signedEvents(odd))).json()).toEqual({ stored: 0 });
});
