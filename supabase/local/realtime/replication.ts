import type { Duplex } from 'node:stream';
import type { Sql } from 'postgres';
import { type Log, stayConnected } from '../stay-connected.ts';
import { InsertReader } from './pgoutput.ts';

/** A committed row of `realtime.messages`. */
export interface Message {
  id: string;
  topic: string;
  event: string;
  payload: unknown;
  private: boolean;
}

export interface Replication {
  /** Resolves once messages are being received. */
  ready(): Promise<void>;
  readonly isReady: boolean;
  stop(): Promise<void>;
}

const publication = 'supabase_realtime_messages_publication';
/** Postgres counts microseconds from 2000-01-01. */
const postgresEpoch = Date.UTC(2000, 0, 1);

/**
 * Reads committed broadcasts from the write-ahead log, in commit order. A temporary slot forgets what is sent while the
 * connection is down, so `onLost` must make the clients join, and read, again.
 */
export function startReplication(options: {
  dbUrl: string;
  log: Log;
  onMessage(message: Message): void;
  onLost(): void;
}): Replication {
  let markReady = () => {};
  let ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  let isReady = false;
  const connection = stayConnected({
    dbUrl: options.dbUrl,
    name: 'realtime',
    log: options.log,
    parameters: { replication: 'database' },
    async onConnected(sql) {
      await subscribe(sql, options.onMessage, options.log);
      isReady = true;
      markReady();
    },
    onLost() {
      if (!isReady) return;
      isReady = false;
      ready = new Promise<void>((resolve) => {
        markReady = resolve;
      });
      options.onLost();
    },
  });
  return {
    ready: () => ready,
    get isReady() {
      return isReady;
    },
    stop: () => connection.stop(),
  };
}

async function subscribe(sql: Sql, onMessage: (message: Message) => void, log: Log): Promise<void> {
  const slot = `realtime_${Math.random().toString(36).slice(2)}`;
  const [created] = await sql.unsafe(
    `CREATE_REPLICATION_SLOT ${slot} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`,
  );
  const stream = (await sql
    .unsafe(
      `START_REPLICATION SLOT ${slot} LOGICAL ${created?.consistent_point} (proto_version '1', publication_names '${publication}')`,
    )
    .writable()) as Duplex;
  const inserts = new InsertReader();
  stream.on('error', () => {});
  stream.on('data', (data: Buffer) => {
    if (data[0] === 0x77) deliver(inserts.read(data.subarray(25)), onMessage, log);
    // A keepalive that wants an answer; without it Postgres waits for us when it shuts down.
    else if (data[0] === 0x6b && data[17]) stream.write(confirmation(data.subarray(1, 9)));
  });
}

function deliver(
  row: Record<string, string | null> | undefined,
  onMessage: (message: Message) => void,
  log: Log,
): void {
  if (!row?.topic || row.extension !== 'broadcast') return;
  try {
    onMessage({
      id: row.id ?? '',
      topic: row.topic,
      event: row.event ?? '',
      payload: JSON.parse(row.payload ?? '{}'),
      private: row.private === 't',
    });
  } catch (error) {
    log(`realtime: message ${row.id} was not sent: ${error}`);
  }
}

/** Standby status update: everything up to `position` is received, flushed and applied. */
function confirmation(position: Buffer): Buffer {
  const answer = Buffer.alloc(34);
  answer.write('r');
  for (const at of [1, 9, 17]) position.copy(answer, at);
  answer.writeBigInt64BE(BigInt(Date.now() - postgresEpoch) * 1000n, 25);
  return answer;
}
