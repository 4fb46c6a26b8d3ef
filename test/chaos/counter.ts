import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service outside of the database: it counts calls by idempotency key, and never forgets one. */
export interface Counter {
  url: string;
  calls: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Starts it on a free port. */
export async function startCounter(): Promise<Counter> {
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    const key = String(request.headers['idempotency-key']);
    const count = (calls.get(key) ?? 0) + 1;
    calls.set(key, count);
    request.resume();
    response.end(String(count));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    stop: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
