import { problem } from '../../shared/serve/problem.ts';
import { readRequestBody } from '../../shared/serve/read-body.ts';
import { inputText } from './body.ts';
import type { OpenWebhook, Result, WebhookEngine } from './engine.ts';
import { preferredWait } from './prefer.ts';
import { checkSignature } from './signature.ts';

/**
 * Takes a request in: whose webhook it is, whether it may come in, what it says; then starts the workflow.
 *
 * @param address where it comes from; null when nobody knows
 * @returns 202 with the execution's id, or 200 with its result when the caller waited for it
 * @throws Problem, or PostgresError for what the database refuses
 */
export async function receive(
  engine: WebhookEngine,
  request: Request,
  address: string | null,
): Promise<Response> {
  const token = /\/webhook\/([^/]+)\/?$/.exec(new URL(request.url).pathname)?.[1];
  if (!token) throw problem(404, 'webhook_not_found', 'There is no such webhook.', 'Check the address.');
  if (request.method !== 'POST') {
    throw problem(405, 'method_not_allowed', 'A webhook takes POST.', 'Use POST.', { allow: 'POST' });
  }
  const idempotencyKey = idempotencyKeyOf(request.headers);
  const webhook = await engine.open(token, address);
  refuseFlood(webhook);
  const { webhook_id: webhookId, trigger, secret } = webhook;
  const body = await readRequestBody(request, trigger.maxBytes);
  const signature = trigger.hmac && checkSignature(trigger.hmac, secret, request.headers, body);
  const contentType = request.headers.get('content-type');
  const executionId = await engine.start({
    webhookId,
    body: await inputText(contentType, body),
    trigger: {
      type: 'webhook',
      webhook_id: webhookId,
      content_type: contentType,
      headers: chosenHeaders(Object.values(trigger.headers ?? {}), request.headers),
    },
    fields: chosenFields(trigger.headers ?? {}, request.headers),
    idempotencyKey,
    signature,
  });
  return answer(engine, request, executionId);
}

function refuseFlood({ wait_ms, trigger }: OpenWebhook): void {
  if (wait_ms === null) return;
  const seconds = Math.max(1, Math.ceil(wait_ms / 1000));
  throw problem(
    429,
    'too_many_requests',
    `More than ${trigger.requestsPerMinute} requests in a minute.`,
    `Try again in ${seconds} s.`,
    { 'retry-after': String(seconds) },
  );
}

function idempotencyKeyOf(headers: Headers): string | null {
  const key = headers.get('idempotency-key');
  if (key === null || /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  const hint = 'Send 1 to 255 characters of ASCII, such as a UUID.';
  throw problem(400, 'invalid_idempotency_key', 'The Idempotency-Key cannot be used.', hint);
}

/** The author's choice of headers by field of `input`; those the request has. */
function chosenFields(choice: Record<string, string>, headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(choice).flatMap(([field, name]) => {
      const value = headers.get(name);
      return value === null ? [] : [[field, value]];
    }),
  );
}

function chosenHeaders(names: string[], headers: Headers): Record<string, string> {
  const lower = names.map((name) => name.toLowerCase());
  return chosenFields(Object.fromEntries(lower.map((name) => [name, name])), headers);
}

async function answer(engine: WebhookEngine, request: Request, executionId: string): Promise<Response> {
  const seconds = preferredWait(request.headers.get('prefer'));
  const headers = seconds > 0 ? { 'preference-applied': `wait=${seconds}` } : undefined;
  const result = await resultWithin(engine, executionId, seconds * 1000, request.signal);
  if (!result)
    return Response.json({ execution_id: executionId }, { status: 202, ...(headers && { headers }) });
  return Response.json(
    { execution_id: executionId, ...result },
    { status: 200, ...(headers && { headers }) },
  );
}

/** Milliseconds between two looks; the first come soon, since most workflows end soon. */
const SHORTEST_PAUSE = 25;
const LONGEST_PAUSE = 250;

async function resultWithin(
  engine: WebhookEngine,
  executionId: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<Result | undefined> {
  const end = Date.now() + milliseconds;
  for (
    let pause = SHORTEST_PAUSE;
    Date.now() < end && !signal.aborted;
    pause = Math.min(pause * 2, LONGEST_PAUSE)
  ) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(pause, end - Date.now())));
    const result = await engine.result(executionId);
    if (result) return result;
  }
  return undefined;
}
