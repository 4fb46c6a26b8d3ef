import { type Answer, type Provider, type Received, startProvider } from './server.ts';

export const botToken = 'xoxb-000000000000-abcdefghijkl';

/** Slack's own words for too many requests. */
export const tooMany: Answer = {
  status: 429,
  headers: { 'retry-after': '30' },
  body: { ok: false, error: 'ratelimited' },
};

/** Slack's Web API (https://docs.slack.dev/reference/methods/chat.postMessage): errors are answered with 200. */
export function startSlack(): Promise<Provider> {
  let count = 0;
  return startProvider((request) => {
    const error = refusal(request);
    if (error) return { status: 200, body: { ok: false, error } };
    count += 1;
    const ts = `1790000000.00000${count}`;
    const { text } = formOf(request);
    return {
      status: 200,
      body: { ok: true, channel: 'C0123456789', ts, message: { type: 'message', text, ts, bot_id: 'B01' } },
    };
  });
}

/** What makes this Slack's environment. */
export const slackVariables = ({ url }: Provider) => ({
  SLACK_BOT_TOKEN: botToken,
  SLACK_BASE_URL: `${url}/api`,
});

function refusal(request: Received): string | undefined {
  const { method, path, headers } = request;
  if (method !== 'POST' || path !== '/api/chat.postMessage') return 'unknown_method';
  if (!headers.authorization) return 'not_authed';
  if (headers.authorization !== `Bearer ${botToken}`) return 'invalid_auth';
  const { channel = '', text } = formOf(request);
  if (!text) return 'no_text';
  if (channel === '#nowhere') return 'channel_not_found';
  if (channel === '#closed') return 'not_in_channel';
  return undefined;
}

/** The form in a request. */
export const formOf = ({ body }: Received): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body));
