import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** Somebody outside whom handlers call. */
export interface Listener {
  url: string;
  /** The bodies received, oldest first; resolves once there are `count` of them. */
  received<T>(count: number): Promise<T[]>;
  /** How many have been received so far. */
  count(): number;
}

/** Listens for JSON until the test file ends. */
export async function startListener(): Promise<Listener> {
  const bodies: unknown[] = [];
  let arrived = () => {};
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      response.end('{}');
      arrived();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => bodies.length,
    async received<T>(count: number) {
      while (bodies.length < count) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
      return bodies.slice(0, count) as T[];
    },
  };
}
