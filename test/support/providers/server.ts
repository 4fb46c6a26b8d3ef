import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** A request as it arrived on the wire. */
export interface Received {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON, unless it is text. */
  body?: unknown;
}

/** A provider on this machine. */
export interface Provider {
  url: string;
  /** Everything that arrived, oldest first. */
  requests: Received[];
  /** Answers for the next requests, before the provider's own rules apply. */
  next: ((request: Received, response: ServerResponse) => Answer | Promise<Answer>)[];
  /** Resolves once there are `count` requests. */
  received(count: number): Promise<Received[]>;
}

/**
 * Listens until the test file ends.
 * @param rules what the provider's API reference says it answers
 */
export async function startProvider(
  rules: (request: Received, url: string) => Answer | Promise<Answer>,
): Promise<Provider> {
  const requests: Received[] = [];
  const next: Provider['next'] = [];
  let arrived = () => {};
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body };
    requests.push(request);
    arrived();
    const answer = (await next.shift()?.(request, response)) ?? (await rules(request, url));
    if (response.destroyed || response.headersSent) return;
    const isText = typeof answer.body === 'string' || answer.body === undefined;
    response.writeHead(answer.status, {
      ...(isText ? {} : { 'content-type': 'application/json' }),
      ...answer.headers,
    });
    response.end(isText ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    next,
    async received(count) {
      while (requests.length < count) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
      return requests;
    },
  };
}
