import { describe, expect, it } from 'vitest';
import {
  mailOf,
  sendGridVariables,
  startSendGrid,
  tooMany,
  verifiedSender,
} from '../../support/providers/sendgrid.ts';
import { runAsMember } from '../../support/worker.ts';
import { changed, stepRun, useNotifications, useVariables } from './support.ts';

const { sql, notify, prepare } = await useNotifications();
const sendGrid = await startSendGrid();
useVariables(sendGridVariables(sendGrid));

const mail = { channel: 'email', to: 'Ada@Example.com', subject: 'Hello Ada', body: 'Good to have you.' };

it('an e-mail arrives at SendGrid as its API wants it, under the key of its message', async () => {
  const before = sendGrid.requests.length;
  const { id, status } = await notify(mail);
  expect(status).toBe('succeeded');
  const [request, ...others] = sendGrid.requests.slice(before);
  expect(others).toEqual([]);
  expect(request).toMatchObject({ method: 'POST', path: '/v3/mail/send' });
  expect(mailOf(request as never)).toEqual({
    personalizations: [{ to: [{ email: 'ada@example.com' }] }],
    from: { email: verifiedSender },
    subject: 'Hello Ada',
    content: [{ type: 'text/plain', value: 'Good to have you.' }],
    custom_args: { delivery_key: id },
  });
});

it('a user id is the address of that member, and nobody else is found by theirs', async () => {
  const { workflow, id, run } = await prepare(mail);
  const member = await runAsMember(sql, workflow);
  await run();
  const { output } = await notify({ ...mail, to: member }, workflow.organizationId);
  expect(output).toMatchObject({ deliveries: [{ to: `${member}@example.com` }] });
  const before = sendGrid.requests.length;
  const { error } = await notify({ ...mail, to: member });
  expect(error).toMatchObject({ code: 'invalid_recipient', path: 'to' });
  expect(sendGrid.requests).toHaveLength(before);
  expect((await stepRun(sql, id))?.status).not.toBe('failed');
});

describe('refused before SendGrid is called', () => {
  it.each([
    ['no address', 'ada'],
    ['no domain', 'ada@example'],
    ['two in one', 'ada@example.com, ben@example.com'],
    ['a line break', 'ada@example.com\nbcc: ben@example.com'],
    ['a name around it', 'Ada <ada@example.com>'],
    ['nobody', ''],
    ['a number', 7],
    ['something else', { email: 'ada@example.com' }],
    ['one bad among good ones', ['ben@example.com', 'ada@']],
    ['an empty list', []],
  ])('%s', async (_, to) => {
    const before = sendGrid.requests.length;
    const { error } = await notify({ ...mail, to: { $raw: to } });
    expect(error).toMatchObject({ code: 'invalid_recipient', path: 'to', retryable: false });
    expect(sendGrid.requests).toHaveLength(before);
  });

  it('more recipients than a step may have', async () => {
    const to = Array.from({ length: 101 }, (_, index) => `${index}@example.com`);
    expect((await notify({ ...mail, to })).error).toMatchObject({ code: 'too_many_recipients' });
  });

  it('a message without text', async () => {
    expect((await notify({ ...mail, body: { $: '[1]' } })).error).toMatchObject({
      code: 'invalid_message',
      path: 'body',
    });
  });

  it.each(['SENDGRID_API_KEY', 'SENDGRID_FROM_EMAIL'])('a worker without %s, by its name', async (name) => {
    const { error } = await changed({ [name]: '' }, () => notify(mail));
    expect(error).toMatchObject({
      code: 'integration_not_configured',
      message: expect.stringContaining(name),
      hint: expect.stringContaining(name),
      retryable: false,
    });
  });
});

describe("SendGrid's refusals", () => {
  it.each([
    ['a bad address', { to: 'ada@example.invalid' }, {}, 'recipient_refused', 400, false],
    ['an unverified sender', {}, { SENDGRID_FROM_EMAIL: 'x@example.com' }, 'sender_refused', 403, false],
    ['a wrong key', {}, { SENDGRID_API_KEY: 'SG.wrong' }, 'provider_unauthorized', 401, false],
  ])('%s is not tried again', async (_, fields, variables, code, status, retryable) => {
    const { error, id } = await changed(variables, () => notify({ ...mail, ...fields }));
    expect(error).toMatchObject({ code, retryable, details: { status, provider: 'SendGrid' } });
    const [row] = await sql`select status, error from public.email_logs where step_run_id = ${id}`;
    expect(row).toMatchObject({ status: 'failed', error: { code } });
  });

  it('too many requests may be tried again, after the time it asks for', async () => {
    sendGrid.next.push(() => tooMany);
    expect((await notify(mail)).error).toMatchObject({
      code: 'provider_rate_limited',
      message: 'SendGrid answered 429: too many requests',
      retryable: true,
      retry_after_ms: 2_000,
    });
  });

  it('a failure of SendGrid may be tried again', async () => {
    sendGrid.next.push(() => ({ status: 503, body: 'upstream' }));
    expect((await notify(mail)).error).toMatchObject({ code: 'provider_unavailable', retryable: true });
  });

  it('a connection that breaks may be tried again', async () => {
    sendGrid.next.push((_, response) => {
      response.destroy();
      return { status: 0 };
    });
    expect((await notify(mail)).error).toMatchObject({ code: 'provider_unreachable', retryable: true });
  });

  it('no answer within the timeout ends the step', async () => {
    sendGrid.next.push(() => new Promise(() => {}));
    const { error, id } = await notify({ ...mail, timeout: '200ms' });
    expect(error).toMatchObject({ code: 'timeout', retryable: true });
    const settled = () => sql`select from public.email_logs where step_run_id = ${id} and status = 'failed'`;
    await expect.poll(settled).toHaveLength(1);
  });
});
