/**
 * Twilio's Messages API by `fetch`. Its package costs 40 MB and 0.9 s of processor time before the first
 * message (hosted functions have 256 MB and 2 s), and cannot be pointed at another host.
 */
import { environmentVariable } from '../environment.ts';
import type { StepError } from '../errors.ts';
import { answer, waitOf } from './call.ts';
import { keyRefused, notConfigured, recipientRefused, refused, senderRefused } from './errors.ts';

const provider = 'Twilio';

/** A text message to one number. */
export interface Sms {
  /** E.164. */
  to: string;
  body: string;
  /** Comes back with every status of the message. */
  key: string;
}

/** https://www.twilio.com/docs/api/errors: numbers that cannot be reached, or that do not want to. */
const RECIPIENT_CODES = new Set([21211, 21214, 21217, 21265, 21408, 21610, 21612, 21614, 21635]);
const SENDER_CODES = new Set([21212, 21601, 21603, 21606, 21608, 21659, 21660, 21661, 21703]);

/**
 * Sends a text message. `TWILIO_FROM_NUMBER` is a number, a sender id or a messaging service (`MG…`);
 * `TWILIO_BASE_URL` names another host.
 *
 * @returns the message's SID
 * @throws StepError
 */
export async function sendThroughTwilio(sms: Sms, signal: AbortSignal): Promise<string | null> {
  const [account = '', token = '', from = ''] = [
    'TWILIO_ACCOUNT_SID',
    'TWILIO_AUTH_TOKEN',
    'TWILIO_FROM_NUMBER',
  ].map((name) => {
    const value = environmentVariable(name);
    if (value) return value;
    throw notConfigured(provider, name);
  });
  const base = environmentVariable('TWILIO_BASE_URL') ?? 'https://api.twilio.com';
  const callback = statusCallback(sms.key);
  const form = new URLSearchParams({
    To: sms.to,
    [from.startsWith('MG') ? 'MessagingServiceSid' : 'From']: from,
    Body: sms.body,
    ...(callback === undefined ? {} : { StatusCallback: callback }),
  });
  const url = `${base.replace(/\/$/, '')}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`;
  const call = fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${account}:${token}`)}`, accept: 'application/json' },
    body: form,
    signal,
  });
  const response = await answer(provider, signal, call);
  const body = await answer(provider, signal, response.text());
  if (!response.ok) throw explain(response, body);
  return (JSON.parse(body) as { sid?: string }).sid ?? null;
}

/** Where Twilio is to tell what becomes of a message; nowhere if it could not come there. */
function statusCallback(key: string): string | undefined {
  const named = environmentVariable('WORKFLOW_EVENTS_URL');
  const events = named ?? `${environmentVariable('SUPABASE_URL') ?? ''}/functions/v1/events`;
  if (!named && !events.startsWith('https://')) return undefined;
  return `${events.replace(/\/$/, '')}/twilio?key=${encodeURIComponent(key)}`;
}

function explain(response: Response, text: string): StepError {
  const { status, headers } = response;
  const { code, message } = readError(text);
  const refusal = {
    provider,
    status,
    message: message ?? `status ${status}`,
    providerCode: code,
    retryAfterMs: waitOf(headers.get('retry-after')),
  };
  if (status === 401 || status === 403) return keyRefused(refusal, 'TWILIO_AUTH_TOKEN');
  if (code !== undefined && RECIPIENT_CODES.has(code)) return recipientRefused(refusal);
  if (code !== undefined && SENDER_CODES.has(code)) return senderRefused(refusal, 'TWILIO_FROM_NUMBER');
  return refused(refusal);
}

function readError(text: string): { code?: number; message?: string } {
  try {
    return JSON.parse(text) as { code?: number; message?: string };
  } catch {
    return {};
  }
}
