import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { FunctionProcess } from '../functions/process.ts';
import { bearerOf, isValidToken } from './tokens.ts';

/** A function as the gateway knows it. */
export interface Route {
  verifyJwt: boolean;
  process: FunctionProcess;
}

/** How long a request waits for a function that is being started again. */
const startTimeout = 5_000;
/**
 * Kept connections: a new one per request cost a third of the throughput. A process that is started again has another port, so
 * none outlives its process.
 */
const agent = new Agent({ keepAlive: true, timeout: 5_000 });
const largestBody = 20 * 1024 * 1024;

/**
 * Passes a request below `/functions/v1/` on to its function's process. As hosted, the function sees its own name as
 * the first part of the path.
 */
export async function proxyToFunction(
  routes: ReadonlyMap<string, Route>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').replace(/^\/functions\/v1/, '');
  const route = routes.get(/^\/([^/?]+)/.exec(path)?.[1] ?? '');
  if (!route) return refuse(response, 404, 'NOT_FOUND', 'Requested function was not found');
  if (route.verifyJwt && !isValidToken(bearerOf(request.headers))) {
    return refuse(response, 401, 'UNAUTHORIZED', 'Missing or invalid JWT in the Authorization header');
  }
  const body = await readBody(request);
  if (!body) return refuse(response, 413, 'PAYLOAD_TOO_LARGE', 'The request is larger than 20 MB');
  for (const end = Date.now() + startTimeout; ; ) {
    const port = await route.process.port(Math.max(end - Date.now(), 1));
    if (port === undefined) return refuse(response, 503, 'BOOT_ERROR', 'The function does not start');
    const outcome = await forward(port, path, request, body, response);
    if (outcome === 'sent') return;
    if (outcome === 'lost')
      return refuse(response, 502, 'WORKER_LOST', 'The function ended during the request');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** `refused`: the process was not there, nothing has been delivered. `lost`: it ended before it answered. */
function forward(
  port: number,
  path: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<'sent' | 'refused' | 'lost'> {
  return new Promise((resolve) => {
    const headers: OutgoingHttpHeaders = {
      ...request.headers,
      'content-length': String(body.length),
      // As hosted: whoever calls cannot say this of themselves.
      'cf-connecting-ip': request.socket.remoteAddress ?? '',
    };
    delete headers['transfer-encoding'];
    delete headers.connection;
    const { method } = request;
    const outgoing = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent }, (incoming) => {
      for (const [name, value] of Object.entries(incoming.headers)) {
        if (value !== undefined && name !== 'connection') response.setHeader(name, value);
      }
      response.writeHead(incoming.statusCode ?? 502);
      incoming.pipe(response);
      incoming.once('error', () => response.destroy());
      incoming.once('close', () => resolve('sent'));
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      if (response.headersSent) response.destroy();
      resolve(response.headersSent ? 'sent' : error.code === 'ECONNREFUSED' ? 'refused' : 'lost');
    });
    response.once('close', () => outgoing.destroy());
    outgoing.end(body);
  });
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message }));
}
