import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Services } from './channel.ts';
import { type Claims, identify, Refusal } from './jwt.ts';

interface Outgoing {
  topic: string;
  event: string;
  payload: unknown;
  private?: boolean;
}

const largestBody = 4 * 1024 * 1024;

/**
 * Answers Realtime's HTTP API: `GET …/health`, `POST …/api/broadcast` with `{ messages }`, and
 * `POST …/api/broadcast/<topic>/events/<event>` with one payload. A private message the caller may not send is
 * dropped, and the answer is 202 all the same, as on hosted Realtime.
 */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  services: Services & { isReady(): boolean },
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname.replace(/^\/realtime\/v1/, '').replace(/\/$/, '');
  if (request.method === 'GET' && (path === '/health' || path === '/api/health')) {
    const healthy = services.isReady();
    return answer(response, healthy ? 200 : 503, { healthy });
  }
  const single = /^\/api\/broadcast\/([^/]+)\/events\/([^/]+)$/.exec(path);
  if (request.method !== 'POST' || !(single || path === '/api/broadcast')) {
    return answer(response, 404, { error: 'Not found' });
  }
  try {
    const claims = callerOf(request, services);
    const body = await readBody(request);
    const messages = single
      ? [messageOf(single, url, body, request.headers['content-type'])]
      : messagesOf(body);
    for (const message of messages) await send(message, claims, services);
    answer(response, 202);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    answer(response, error instanceof BadRequest ? 422 : 401, { error: error.message });
  }
}

class BadRequest extends Refusal {}

function callerOf(request: IncomingMessage, { keys }: Services): Claims {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const token = bearer ?? request.headers.apikey;
  if (typeof token !== 'string') throw new Refusal('Unauthorized: an API key or a token is needed');
  return identify(token, keys);
}

async function send(message: Outgoing, claims: Claims, services: Services): Promise<void> {
  const topic = message.topic.replace(/^realtime:/, '');
  const isPrivate = message.private === true;
  if (isPrivate && !(await services.authorization.mayWrite(claims, topic))) return;
  services.hub.broadcast(isPrivate, topic, { event: message.event, payload: message.payload });
}

function messageOf(match: RegExpExecArray, url: URL, body: Buffer, contentType = ''): Outgoing {
  return {
    topic: decodeURIComponent(match[1] ?? ''),
    event: decodeURIComponent(match[2] ?? ''),
    payload: contentType.startsWith('application/octet-stream') ? body : parse(body),
    private: url.searchParams.get('private') === 'true',
  };
}

function messagesOf(body: Buffer): Outgoing[] {
  const { messages } = (parse(body) ?? {}) as { messages?: Outgoing[] };
  const complete = (message: Outgoing) =>
    typeof message?.topic === 'string' && typeof message.event === 'string';
  if (!Array.isArray(messages) || !messages.every(complete)) {
    throw new BadRequest('`messages` must be an array of { topic, event, payload, private? }');
  }
  return messages;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new BadRequest('The body is not JSON');
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > largestBody) throw new BadRequest('The body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, body && { 'content-type': 'application/json' });
  response.end(body && JSON.stringify(body));
}
