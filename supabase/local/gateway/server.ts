import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { messageOf } from '../errors.ts';
import type { Realtime } from '../realtime/server.ts';
import type { Api } from './api.ts';
import { handleCors } from './cors.ts';
import { proxyToFunction, type Route } from './functions.ts';
import { replaceLegacyKeys } from './tokens.ts';

export interface Gateway {
  stop(): Promise<void>;
}

export interface GatewayOptions {
  port: number;
  api: Api;
  realtime: Realtime;
  functions: ReadonlyMap<string, Route>;
  log(line: string): void;
}

/** The one HTTP server in front of all parts, with hosted's paths: `/rest/v1`, `/auth/v1`, `/functions/v1`, `/realtime/v1`. */
export async function startGateway({
  port,
  api,
  realtime,
  functions,
  log,
}: GatewayOptions): Promise<Gateway> {
  const answerApi = getRequestListener((request, { incoming }) =>
    api.fetch(request, incoming.socket.remoteAddress ?? null),
  );

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    // As hosted: a function that browsers call says so itself.
    if (path.startsWith('/functions/v1/')) return proxyToFunction(functions, request, response);
    if (handleCors(request, response)) return;
    if (path.startsWith('/realtime/v1/')) return realtime.handleRequest(request, response);
    if (/^\/(rest|auth)\/v1(\/|\?|$)/.test(path)) {
      replaceLegacyKeys(request.headers);
      return answerApi(request, response);
    }
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message: 'no Route matched with those values' }));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      log(`${request.method} ${request.url}: ${messageOf(error)}`);
      if (response.headersSent) return response.destroy();
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: 'An unexpected error occurred' }));
    });
  });
  server.keepAliveTimeout = 65_000;
  // The server does not count these among its connections, and would wait for their clients to leave.
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    socket.on('error', () => socket.destroy());
    if (request.url?.startsWith('/realtime/v1/')) return realtime.handleUpgrade(request, socket, head);
    socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await closed;
    },
  };
}
