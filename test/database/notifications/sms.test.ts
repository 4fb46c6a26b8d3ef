import { describe, expect, it } from 'vitest';
import { account, formOf, startTwilio, tooMany, twilioVariables } from '../../support/providers/twilio.ts';
import { changed, useNotifications, useVariables } from './support.ts';

const { sql, notify } = await useNotifications();
const twilio = await startTwilio();
useVariables(twilioVariables(twilio));

const sms = { channel: 'sms', to: '+44 20 7946-0101', body: 'Your crew call is at 7:30.' };

it('a text message arrives at Twilio as its API wants it', async () => {
  const before = twilio.requests.length;
  const { output, id } = await notify(sms);
  const [request] = twilio.requests.slice(before);
  expect(request).toMatchObject({ method: 'POST', path: `/2010-04-01/Accounts/${account}/Messages.json` });
  expect(formOf(request as never)).toEqual({
    To: '+442079460101',
    From: '+15005550006',
    Body: 'Your crew call is at 7:30.',
  });
  const [row] =
    await sql`select recipient, provider_id, status from public.sms_logs where step_run_id = ${id}`;
  expect(row).toEqual({
    recipient: '+442079460101',
    provider_id: expect.stringMatching(/^SM/),
    status: 'sent',
  });
  expect(output).toMatchObject({ channel: 'sms', providerId: row?.provider_id });
});

it('Twilio is told where to report what becomes of the message, with its key', async () => {
  const events = 'https://project.example/functions/v1/events';
  const { id } = await changed({ WORKFLOW_EVENTS_URL: events }, () => notify(sms));
  expect(formOf(twilio.requests.at(-1) as never).StatusCallback).toBe(`${events}/twilio?key=${id}`);
});

it('a messaging service may stand in place of a number', async () => {
  twilio.next.push(() => ({ status: 201, body: { sid: 'SM1' } }));
  await changed({ TWILIO_FROM_NUMBER: 'MG123' }, () => notify(sms));
  expect(formOf(twilio.requests.at(-1) as never)).toMatchObject({ MessagingServiceSid: 'MG123' });
});

describe('refused before Twilio is called', () => {
  it.each(['020 7946 0101', '+44', '+0123456789', '+44x2079460101', 'ada@example.com', '+4412345678901234'])(
    'the number %s',
    async (to) => {
      const before = twilio.requests.length;
      const { error } = await notify({ ...sms, to });
      expect(error).toMatchObject({ code: 'invalid_recipient', hint: expect.stringContaining('+44') });
      expect(twilio.requests).toHaveLength(before);
    },
  );

  it('a text that is too long', async () => {
    const before = twilio.requests.length;
    expect((await notify({ ...sms, body: 'x'.repeat(1_601) })).error).toMatchObject({
      code: 'invalid_message',
    });
    expect(twilio.requests).toHaveLength(before);
  });

  it.each(['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM_NUMBER'])(
    'a worker without %s, by its name',
    async (name) => {
      const { error } = await changed({ [name]: '' }, () => notify(sms));
      expect(error).toMatchObject({
        code: 'integration_not_configured',
        hint: expect.stringContaining(name),
      });
    },
  );
});

describe("Twilio's refusals", () => {
  it.each([
    ['a number that is none', { to: '+15005550001' }, {}, 'recipient_refused', 21211],
    ['somebody who has unsubscribed', { to: '+15005550004' }, {}, 'recipient_refused', 21610],
    ['a sender that is not ours', {}, { TWILIO_FROM_NUMBER: '+15005550007' }, 'sender_refused', 21606],
    ['a wrong token', {}, { TWILIO_AUTH_TOKEN: 'wrong' }, 'provider_unauthorized', 20003],
  ])('%s is not tried again', async (_, fields, variables, code, provider_code) => {
    const { error } = await changed(variables, () => notify({ ...sms, ...fields }));
    expect(error).toMatchObject({ code, retryable: false, details: { provider: 'Twilio', provider_code } });
  });

  it('too many requests and failures may be tried again', async () => {
    twilio.next.push(() => tooMany);
    expect((await notify(sms)).error).toMatchObject({
      code: 'provider_rate_limited',
      retryable: true,
      retry_after_ms: 1_000,
    });
    twilio.next.push(() => ({ status: 500, body: '<html>' }));
    expect((await notify(sms)).error).toMatchObject({ code: 'provider_unavailable', retryable: true });
  });
});
