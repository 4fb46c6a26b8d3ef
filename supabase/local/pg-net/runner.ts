import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { messageOf } from '../errors.ts';
import { type Log, stayConnected } from '../stay-connected.ts';
import { perform, type QueuedRequest } from './request.ts';

const batchSize = 200;
/** pg_net sleeps after each batch. Code that chains posts runs at one a second there, and must here too. */
const pauseAfterBatch = 1_000;

/**
 * Makes the requests queued by `net.http_post` and its like, the way pg_net's background worker does: committed requests
 * only, at most 200 at once, the next batch about a second after the slowest of this one has ended, no retry.
 * @param options.dbUrl the database as superuser
 */
export async function startPgNet(options: { dbUrl: string; log: Log }): Promise<{ stop(): Promise<void> }> {
  const ending = new AbortController();
  let connected: Sql | undefined;
  let woken = false;
  let draining: Promise<void> | undefined;

  const drain = async () => {
    while (woken && !ending.signal.aborted) {
      woken = false;
      while (connected && (await runBatch(connected))) {
        await sleep(pauseAfterBatch, undefined, { signal: ending.signal });
      }
    }
  };
  const wake = () => {
    woken = true;
    draining ??= drain()
      .catch((error) => {
        if (!ending.signal.aborted) options.log(`pg_net: ${messageOf(error)}`);
      })
      .finally(() => {
        draining = undefined;
        if (woken && connected && !ending.signal.aborted) wake();
      });
  };
  const connection = stayConnected({
    dbUrl: options.dbUrl,
    name: 'pg_net',
    log: options.log,
    onNotify: wake,
    async onConnected(sql) {
      await sql`listen pg_net`;
      connected = sql;
      wake();
    },
    onLost() {
      connected = undefined;
    },
  });
  return {
    async stop() {
      ending.abort();
      await draining;
      await connection.stop();
    },
  };
}

/** @returns whether there was anything to do */
async function runBatch(sql: Sql): Promise<boolean> {
  const requests = await takeBatch(sql);
  if (requests.length === 0) return false;
  const responses = await Promise.all(requests.map(perform));
  await sql`
    insert into net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
    select id, status_code, content_type, headers, content, timed_out, error_msg
    from jsonb_populate_recordset(null::net._http_response, ${JSON.stringify(responses)}::text::jsonb)`;
  return true;
}

async function takeBatch(sql: Sql): Promise<QueuedRequest[]> {
  const [{ installed } = { installed: false }] =
    await sql`select to_regclass('net.http_request_queue') is not null as installed`;
  if (!installed) return [];
  return sql<QueuedRequest[]>`
    with expired as (delete from net._http_response where created < now() - interval '6 hours'),
    batch as (
      delete from net.http_request_queue where id in (select id from net.http_request_queue order by id limit ${batchSize})
      returning *
    )
    select id, method, url, headers, convert_from(body, 'UTF8') as body, timeout_milliseconds as "timeoutMilliseconds"
    from batch order by id`;
}
