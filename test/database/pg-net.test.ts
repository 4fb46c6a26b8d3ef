import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPgNet } from '../../supabase/local/pg-net/runner.ts';
import { Inbox, type OwnDatabase, startOwnDatabase } from './own-database.ts';

interface Arrival {
  at: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Answers a request to a path below `/held`; all others are answered at once. */
  release(): void;
}

let database: OwnDatabase;
let runner: { stop(): Promise<void> };
let server: Server;
let url: string;
const arrivals = new Inbox<Arrival>();
const logged: string[] = [];

beforeAll(async () => {
  database = await startOwnDatabase();
  await database.sql`create extension pg_net with schema extensions`;
  server = createServer(async (request, response) => {
    const at = performance.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    const release = () => {
      response.writeHead(202, { 'content-type': 'text/plain', 'x-answer': 'yes' }).end('accepted\0');
    };
    if (!path.startsWith('/held')) release();
    arrivals.add({ at, method, path, headers, body: Buffer.concat(chunks).toString(), release });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  runner = await startPgNet({ dbUrl: database.adminUrl, log: (line) => logged.push(line) });
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await runner?.stop();
  await database?.stop();
});

async function post(path: string): Promise<void> {
  await database.sql`select net.http_post(${url + path}, '{"n": 1}')`;
}

/** Waits until the response of a request is stored. */
async function responseOf(id: string): Promise<Record<string, unknown>> {
  return vi.waitFor(
    async () => {
      const [row] = await database.sql`select * from net._http_response where id = ${id}`;
      if (!row) throw new Error(`request ${id} has no response`);
      return row;
    },
    { timeout: 5000, interval: 20 },
  );
}

/** What pg_net waits after a batch, with room for coarse timers. */
const pause = 900;

it('posts what is committed, and only after the commit', async () => {
  await database.sql
    .begin(async (tx) => {
      await tx`select net.http_post(${`${url}/undone`})`;
      throw new Error('undo');
    })
    .catch(() => {});
  let committing = 0;
  await database.sql.begin(async (tx) => {
    await tx`select net.http_post(${`${url}/done`})`;
    // Another transaction's post goes out meanwhile; this one's must not go with it.
    await post('/meanwhile');
    expect((await arrivals.next()).path).toBe('/meanwhile');
    committing = performance.now();
  });
  const arrival = await arrivals.next();
  expect(arrival.path).toBe('/done');
  expect(arrival.at).toBeGreaterThan(committing);
});

it('sends method, parameters, headers and body, and stores what came back', async () => {
  const [ids] = await database.sql`
    select net.http_get(${`${url}/get?a=1`}, '{"b": "ü &"}', '{"x-one": "1"}') as get,
      net.http_delete(${`${url}/delete`}) as delete,
      net.http_post(${`${url}/post`}, '{"deal": 7}', headers => '{"apikey": "k"}') as post,
      net.http_post(${`${url}/held/never`}, timeout_milliseconds => 150) as late,
      net.http_get('http://127.0.0.1:9/') as unreachable`;
  const received = await arrivals.take(4);
  const byPath = Object.fromEntries(received.map((arrival) => [arrival.path.split('?')[0], arrival]));
  expect(byPath['/get']).toMatchObject({
    method: 'GET',
    path: '/get?a=1&b=%C3%BC%20%26',
    headers: { 'x-one': '1' },
    body: '',
  });
  expect(byPath['/delete']?.method).toBe('DELETE');
  expect(byPath['/post']?.headers).toMatchObject({ apikey: 'k', 'content-type': 'application/json' });
  expect(JSON.parse(byPath['/post']?.body ?? '')).toEqual({ deal: 7 });
  for (const id of [ids?.get, ids?.delete, ids?.post]) {
    expect(await responseOf(id)).toMatchObject({
      status_code: 202,
      content_type: 'text/plain',
      content: 'accepted',
      headers: { 'x-answer': 'yes' },
      timed_out: false,
      error_msg: null,
    });
  }
  expect(await responseOf(ids?.late)).toMatchObject({
    status_code: null,
    timed_out: true,
    error_msg: expect.stringMatching(/^Timeout of 150 ms reached/),
  });
  expect(await responseOf(ids?.unreachable)).toMatchObject({
    status_code: null,
    error_msg: expect.any(String),
  });
  expect(await database.sql`select * from net.http_request_queue`).toEqual([]);
  byPath['/held/never']?.release();
});

it('refuses a body that is not JSON', async () => {
  await expect(
    database.sql`select net.http_post(${url}, headers => '{"content-type": "text/plain"}')`,
  ).rejects.toThrow('Content-Type header must be "application/json"');
});

describe('batches', () => {
  it('are of 200 at most, with a pause of about a second after each', async () => {
    await database.sql`select net.http_post(${`${url}/batch/`} || n) from generate_series(1, 250) n`;
    const first = await arrivals.take(200);
    const second = await arrivals.take(50);
    await post('/after');
    const after = await arrivals.next();
    const last = (batch: Arrival[]) => Math.max(...batch.map((arrival) => arrival.at));
    const earliest = Math.min(...second.map((arrival) => arrival.at));
    expect(earliest - last(first)).toBeGreaterThan(pause);
    expect(after.at - last(second)).toBeGreaterThan(pause);
    const numbers = (batch: Arrival[]) => batch.map((arrival) => Number(arrival.path.split('/')[2]));
    expect(Math.max(...numbers(first))).toBe(200);
    expect(Math.min(...numbers(second))).toBe(201);
  });

  it('wait for their slowest request', async () => {
    await post('/held/slow');
    const slow = await arrivals.next();
    await post('/next');
    const released = performance.now();
    slow.release();
    const next = await arrivals.next();
    expect(next.path).toBe('/next');
    expect(next.at - released).toBeGreaterThan(pause);
  });
});

it('goes on after a restart of the database, with what was queued before it', async () => {
  await post('/before');
  expect((await arrivals.next()).path).toBe('/before');
  // The runner pauses now: this post stays in the queue until after the restart.
  await post('/across');
  await database.restart();
  expect((await arrivals.next()).path).toBe('/across');
  expect(logged.at(-1)).toBe('pg_net: connected to the database again');
}, 15_000);

it('takes up what was queued while it was away', async () => {
  await runner.stop();
  await post('/queued');
  runner = await startPgNet({ dbUrl: database.adminUrl, log: (line) => logged.push(line) });
  expect((await arrivals.next()).path).toBe('/queued');
});

it('may be started before the extension is created', async () => {
  await database.sql`drop extension pg_net`;
  await runner.stop();
  runner = await startPgNet({ dbUrl: database.adminUrl, log: (line) => logged.push(line) });
  await database.sql`create extension pg_net`;
  await post('/early');
  expect((await arrivals.next()).path).toBe('/early');
});
