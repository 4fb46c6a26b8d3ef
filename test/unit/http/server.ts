import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

type Answer = (request: Received, response: ServerResponse) => void;

/** A server on a free port of this machine that answers as it was last told, and keeps what it was sent. */
export async function startServer() {
  const received: Received[] = [];
  let answer: Answer = (_, response) => response.end();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    const kept = { method, url, headers, body };
    received.push(kept);
    answer(kept, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    last: () => received.at(-1) as Received,
    onRequest(next: Answer) {
      received.length = 0;
      answer = next;
    },
    /** Answers with a body of a type. */
    answers(status: number, headers: Record<string, string> = {}, body: string | Uint8Array = '') {
      received.length = 0;
      answer = (_, response) => response.writeHead(status, headers).end(body);
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;
