import { environmentVariable } from '../environment.ts';
import type { StepError } from '../errors.ts';
import { answer, waitOf } from './call.ts';
import { keyRefused, misconfigured, notConfigured, recipientRefused, refused } from './errors.ts';
import {
  accessToken,
  forgetTokens,
  readServiceAccount,
  type ServiceAccount,
  TokenRefusal,
} from './google-token.ts';

const provider = 'Firebase';
const variable = 'FIREBASE_SERVICE_ACCOUNT';
const scope = 'https://www.googleapis.com/auth/firebase.messaging';

/** A push notification to one device, or to whoever has subscribed to a topic. */
export interface Push {
  target: { token: string } | { topic: string };
  title?: string | undefined;
  body: string;
  /** What the app gets beside the text; FCM wants text only. */
  data: Record<string, string>;
  /** Devices show one notification per id, so that a repetition replaces the first. At most 64 bytes. */
  collapseId: string;
}

/** FCM's own words about a failure. */
interface FcmError {
  error?: {
    message?: string;
    status?: string;
    details?: { errorCode?: string; fieldViolations?: { field: string }[] }[];
  };
}

/**
 * Sends a push notification over FCM's HTTP v1 API. `FIREBASE_BASE_URL` names another host.
 *
 * @returns the message's name
 * @throws StepError
 */
export async function sendThroughFirebase(push: Push, signal: AbortSignal): Promise<string | null> {
  const account = serviceAccount();
  let response = await post(account, push, signal);
  if (response.status === 401) {
    // The kept token may have been taken back before its time.
    forgetTokens(account);
    response = await post(account, push, signal);
  }
  const read = response.json().catch(() => ({})) as Promise<FcmError & { name?: string }>;
  const body = await answer(provider, signal, read);
  if (response.ok) return body.name ?? null;
  throw explain(response, body);
}

async function post(account: ServiceAccount, push: Push, signal: AbortSignal): Promise<Response> {
  const token = await grant(account, signal);
  const base = environmentVariable('FIREBASE_BASE_URL') ?? 'https://fcm.googleapis.com';
  const url = `${base.replace(/\/$/, '')}/v1/projects/${encodeURIComponent(account.project_id)}/messages:send`;
  const call = fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ message: messageOf(push) }),
    signal,
  });
  return answer(provider, signal, call);
}

function messageOf({ target, title, body, data, collapseId }: Push) {
  return {
    ...target,
    notification: { ...(title === undefined ? {} : { title }), body },
    data,
    android: { notification: { tag: collapseId } },
    apns: { headers: { 'apns-collapse-id': collapseId } },
    webpush: { notification: { tag: collapseId } },
  };
}

/** @throws StepError `integration_not_configured` or `integration_misconfigured` */
function serviceAccount(): ServiceAccount {
  const text = environmentVariable(variable);
  if (text) return readServiceAccount(variable, text);
  if (!environmentVariable('FIREBASE_SERVER_KEY')) throw notConfigured(provider, variable);
  throw misconfigured(
    'FIREBASE_SERVER_KEY',
    'FIREBASE_SERVER_KEY alone cannot send: Google has switched off the API it belonged to.',
    `Set ${variable} to the JSON key of a service account: Firebase console, project settings, service accounts.`,
  );
}

function grant(account: ServiceAccount, signal: AbortSignal): Promise<string> {
  return answer(provider, signal, accessToken(variable, account, scope, signal).catch(refusalOf));
}

/** The token endpoint's refusals are the key's fault, its failures are not. */
function refusalOf(error: unknown): never {
  if (!(error instanceof TokenRefusal)) throw error;
  const refusal = { provider, status: error.status, message: error.message };
  throw error.status === 429 || error.status >= 500 ? refused(refusal) : keyRefused(refusal, variable);
}

function explain({ status, headers }: Response, { error }: FcmError): StepError {
  const code = error?.details?.find(({ errorCode }) => errorCode)?.errorCode ?? error?.status;
  const fields = error?.details?.flatMap(({ fieldViolations }) => fieldViolations ?? []) ?? [];
  const refusal = {
    provider,
    status,
    message: error?.message ?? `status ${status}`,
    providerCode: code,
    retryAfterMs: waitOf(headers.get('retry-after')),
  };
  const isToken = fields.some(({ field }) => field === 'message.token');
  if (isToken || code === 'UNREGISTERED' || code === 'SENDER_ID_MISMATCH') return recipientRefused(refusal);
  if (/registration token/i.test(refusal.message)) return recipientRefused(refusal);
  if (status === 401 || status === 403) return keyRefused(refusal, variable);
  return refused(refusal);
}
