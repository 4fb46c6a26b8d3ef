import { environmentVariable } from '../environment.ts';
import type { StepError } from '../errors.ts';
import { answer, waitOf } from './call.ts';
import { keyRefused, notConfigured, recipientRefused, refused, unreachable } from './errors.ts';

const provider = 'Slack';

/** A message to a channel or a person. */
export interface SlackMessage {
  /** Id or name of a channel, or id of a person. */
  channel: string;
  /** Slack's own markup. */
  text: string;
  /** Travels as the message's metadata. */
  key: string;
}

const RECIPIENT = new Set([
  'channel_not_found',
  'is_archived',
  'not_in_channel',
  'user_not_found',
  'user_disabled',
  'messages_tab_disabled',
  'restricted_action',
]);
const KEY = new Set([
  'not_authed',
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'no_permission',
  'access_denied',
]);
const DOWN = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout']);

/**
 * Posts a message with `chat.postMessage`. `SLACK_BASE_URL` names another host.
 *
 * @returns channel and timestamp of the message, by which Slack finds it
 * @throws StepError
 */
export async function sendThroughSlack(message: SlackMessage, signal: AbortSignal): Promise<string | null> {
  const token = environmentVariable('SLACK_BOT_TOKEN');
  if (!token) throw notConfigured(provider, 'SLACK_BOT_TOKEN');
  const { SlackAPIClient } = await import('slack-web-api-client');
  const base = environmentVariable('SLACK_BASE_URL') ?? 'https://slack.com/api';
  const client = new SlackAPIClient(token, {
    baseUrl: `${base.replace(/\/$/, '')}/`,
    // Another attempt is the step's business: it is seen, counted and spaced there.
    retryHandlers: [],
  });
  const { channel, text, key } = message;
  const posted = client.chat.postMessage({
    channel,
    text,
    metadata: { event_type: 'workflow_notification', event_payload: { delivery_key: key } },
  });
  const result = await answer(
    provider,
    signal,
    posted.catch((error: SlackError) => {
      throw explain(error);
    }),
  );
  return result.ts ? `${result.channel}:${result.ts}` : null;
}

/** What the client throws: `error` when Slack answered 200, `status` for any other answer. */
interface SlackError {
  error?: string;
  status?: number;
  headers?: Headers;
  cause?: unknown;
}

function explain(thrown: SlackError): StepError {
  const { error: code, status = -1, headers, cause } = thrown;
  if (code === undefined) {
    if (status < 100) return unreachable(provider, cause ?? thrown);
    const retryAfterMs = waitOf(headers?.get('retry-after'));
    return refused({ provider, status, message: `status ${status}`, retryAfterMs });
  }
  const refusal = { provider, status: 400, message: code, providerCode: code };
  if (RECIPIENT.has(code)) return recipientRefused(refusal);
  if (KEY.has(code)) return keyRefused(refusal, 'SLACK_BOT_TOKEN');
  if (code === 'ratelimited' || code === 'rate_limited') return refused({ ...refusal, status: 429 });
  return refused(DOWN.has(code) ? { ...refusal, status: 503 } : refusal);
}
