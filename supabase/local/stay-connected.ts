import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Options, type PostgresType, type Sql } from 'postgres';
import { messageOf } from './errors.ts';

export type Log = (line: string) => void;

export interface Attachment {
  dbUrl: string;
  /** Names the service in log lines and in `pg_stat_activity`. */
  name: string;
  log: Log;
  /** Connection parameters, such as `replication`. */
  parameters?: Record<string, string>;
  /** Runs on every new connection, a single one that lives until the server or `stop` ends it. */
  onConnected(sql: Sql): Promise<void>;
  /** Runs when the connection is gone, before the next attempt. */
  onLost?(): void;
  /** Called with the channel of each NOTIFY that `onConnected` listens to. */
  onNotify?(channel: string): void;
}

const firstDelay = 50;
const longestDelay = 1_000;

/**
 * Keeps a service attached to the database: connects, and connects again with backoff whenever the connection ends or
 * `onConnected` fails. The library's own listeners and subscriptions stay dead after a restart of Postgres; this does not.
 * @returns what ends the connection for good
 */
export function stayConnected(attachment: Attachment): { stop(): Promise<void> } {
  const ending = new AbortController();
  const running = keep(attachment, ending.signal);
  return {
    async stop() {
      ending.abort();
      await running;
    },
  };
}

async function keep(attachment: Attachment, ending: AbortSignal): Promise<void> {
  const { name, log } = attachment;
  let delay = firstDelay;
  let lastFailure = '';
  while (!ending.aborted) {
    try {
      await attach(attachment, ending, () => {
        if (lastFailure) log(`${name}: connected to the database again`);
        delay = firstDelay;
        lastFailure = '';
      });
      lastFailure ||= 'the connection to the database ended';
    } catch (error) {
      if (!lastFailure) log(`${name}: ${messageOf(error)}; trying again`);
      lastFailure = messageOf(error);
    }
    await sleep(delay, undefined, { signal: ending }).catch(() => {});
    delay = Math.min(delay * 2, longestDelay);
  }
}

/** One connection from its beginning to its end. */
async function attach(attachment: Attachment, ending: AbortSignal, attached: () => void): Promise<void> {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const options: Options<Record<string, PostgresType>> & { onnotify(channel: string): void } = {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    connection: { application_name: attachment.name, ...attachment.parameters },
    onnotice: () => {},
    onclose: () => finish(),
    onnotify: (channel) => attachment.onNotify?.(channel),
  };
  const sql = postgres(attachment.dbUrl, options);
  ending.addEventListener('abort', finish, { once: true });
  try {
    await attachment.onConnected(sql);
    attached();
    await finished;
  } finally {
    ending.removeEventListener('abort', finish);
    attachment.onLost?.();
    await sql.end({ timeout: 0 }).catch(() => {});
  }
}
