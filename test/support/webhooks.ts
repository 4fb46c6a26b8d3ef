import { createHmac } from 'node:crypto';
import type { Sql } from 'postgres';
import { publish } from './engine.ts';

/** A webhook of a workflow of its own. */
export interface TestWebhook {
  id: string;
  workflowId: string;
  token: string;
  /** Sends a request to it. */
  send(init?: RequestInit): Promise<Response>;
  /** Sends JSON. */
  sendJson(body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/**
 * Publishes a workflow that webhooks start, and makes a webhook of it.
 *
 * @param trigger beside its type
 * @param rest of the definition; by default its only step gives back the input
 */
export async function makeWebhook(
  apiUrl: string,
  sql: Sql,
  organizationId: string,
  trigger: object = {},
  rest: object = {},
): Promise<TestWebhook> {
  const definition = {
    trigger: { type: 'webhook', ...trigger },
    steps: [{ id: 'say', type: 'transform', output: { $: 'input' } }],
    ...rest,
  };
  const { id } = await publish(sql, definition, organizationId);
  const [row] = await sql<{ made: MadeWebhook }[]>`select public.create_webhook(${id}) as made`;
  return { workflowId: id, ...webhookAt(apiUrl, row?.made as MadeWebhook) };
}

/** What `create_webhook` and `rotate_webhook` give. */
interface MadeWebhook {
  id: string;
  token: string;
  path: string;
}

export function webhookAt(apiUrl: string, made: MadeWebhook) {
  const send = (init: RequestInit = {}) => fetch(`${apiUrl}${made.path}`, { method: 'POST', ...init });
  const sendJson = (body: unknown, headers: Record<string, string> = {}) =>
    send({ body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
  return { id: made.id, token: made.token, send, sendJson };
}

/** Headers of a signed request. @param time Unix time in seconds; without it the body alone is signed */
export function signed(body: string, secret: string, time?: number): Record<string, string> {
  const text = time === undefined ? body : `${time}.${body}`;
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  return {
    'content-type': 'application/json',
    'x-signature': signature,
    ...(time === undefined ? {} : { 'x-timestamp': String(time) }),
  };
}
