import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What stands in for the gateway before several workers. */
export interface Balancer {
  url: string;
  stop(): Promise<void>;
}

/** Passes each request on to a worker. @param port gives the port of one that listens */
export async function startBalancer(port: () => Promise<number | undefined>): Promise<Balancer> {
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => '');
    let outcome = await forward(await port(), request, body, response);
    for (const end = Date.now() + 4_000; outcome === 'refused' && Date.now() < end; ) {
      outcome = await forward(await port(), request, body, response);
    }
    if (outcome === 'answered') return;
    response.writeHead(502).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** `refused`: nobody was there, nothing was delivered. `lost`: delivered, and no answer came through. */
function forward(
  port: number | undefined,
  { method, url, headers }: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<'answered' | 'refused' | 'lost'> {
  if (port === undefined) return Promise.resolve('refused');
  return new Promise((resolve) => {
    const path = (url ?? '').replace('/functions/v1', '');
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (incoming) => {
        if (response.destroyed) return resolve('lost');
        response.writeHead(incoming.statusCode ?? 502);
        incoming.pipe(response);
        resolve('answered');
      },
    );
    outgoing.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'lost'),
    );
    response.once('close', () => outgoing.destroy());
    outgoing.end(body);
  });
}
