import { describe, expect, it } from 'vitest';
import { formOf, slackVariables, startSlack, tooMany } from '../../support/providers/slack.ts';
import { changed, useNotifications, useVariables } from './support.ts';

const { sql, notify } = await useNotifications();
const slack = await startSlack();
useVariables(slackVariables(slack));

const message = { channel: 'slack', to: '#sales', subject: 'Hot lead', body: 'Ada Nwosu, 91 points' };

it('a message arrives at Slack as its API wants it, with its key as metadata', async () => {
  const { id, output } = await notify(message);
  const { metadata, ...form } = formOf(slack.requests.at(-1) as never);
  expect(form).toEqual({ channel: '#sales', text: '*Hot lead*\nAda Nwosu, 91 points' });
  expect(JSON.parse(metadata ?? '')).toEqual({
    event_type: 'workflow_notification',
    event_payload: { delivery_key: id },
  });
  const [row] =
    await sql`select recipient, status, provider_id from public.slack_messages where step_run_id = ${id}`;
  expect(row).toMatchObject({
    recipient: '#sales',
    status: 'sent',
    provider_id: expect.stringContaining(':1790'),
  });
  expect(output).toMatchObject({ providerId: row?.provider_id });
});

it.each(['C0123456789', 'U0123456789', 'sales', '#vertrieb-süd'])('%s is a recipient', async (to) => {
  expect((await notify({ ...message, to })).status).toBe('succeeded');
});

it.each(['#Sales', 'sales team', 'ada@example.com', '#'])(
  '%s is refused before Slack is called',
  async (to) => {
    const before = slack.requests.length;
    expect((await notify({ ...message, to })).error).toMatchObject({ code: 'invalid_recipient' });
    expect(slack.requests).toHaveLength(before);
  },
);

it('a worker without SLACK_BOT_TOKEN says so', async () => {
  const { error } = await changed({ SLACK_BOT_TOKEN: '' }, () => notify(message));
  expect(error).toMatchObject({
    code: 'integration_not_configured',
    hint: expect.stringContaining('SLACK_BOT_TOKEN'),
  });
});

describe("Slack's refusals", () => {
  it.each([
    ['a channel that is none', { to: '#nowhere' }, {}, 'recipient_refused', 'channel_not_found'],
    ['a channel the bot is not in', { to: '#closed' }, {}, 'recipient_refused', 'not_in_channel'],
    ['a wrong token', {}, { SLACK_BOT_TOKEN: 'xoxb-wrong' }, 'provider_unauthorized', 'invalid_auth'],
  ])('%s is not tried again', async (_, fields, variables, code, provider_code) => {
    const { error } = await changed(variables, () => notify({ ...message, ...fields }));
    expect(error).toMatchObject({ code, retryable: false, details: { provider: 'Slack', provider_code } });
  });

  it('too many requests and failures may be tried again', async () => {
    slack.next.push(() => tooMany);
    expect((await notify(message)).error).toMatchObject({
      code: 'provider_rate_limited',
      retryable: true,
      retry_after_ms: 30_000,
    });
    slack.next.push(() => ({ status: 200, body: { ok: false, error: 'internal_error' } }));
    expect((await notify(message)).error).toMatchObject({ code: 'provider_unavailable', retryable: true });
    slack.next.push((_, response) => {
      response.destroy();
      return { status: 0 };
    });
    expect((await notify(message)).error).toMatchObject({ code: 'provider_unreachable', retryable: true });
  });
});
