import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import postgres from 'postgres';
import { WebSocketServer } from 'ws';
import { messageOf } from '../errors.ts';
import type { Log } from '../stay-connected.ts';
import { createAuthorization } from './authorization.ts';
import type { Services } from './channel.ts';
import { handleRequest } from './http.ts';
import { Hub } from './hub.ts';
import { identify, type Keys, Refusal } from './jwt.ts';
import { startReplication } from './replication.ts';
import { RealtimeSocket } from './socket.ts';

export interface RealtimeOptions extends Keys {
  /** The database as superuser. */
  dbUrl: string;
  log: Log;
}

export interface Realtime {
  /** Takes over an upgrade of `/realtime/v1/websocket`. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Answers the rest of `/realtime/v1`. */
  handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void>;
  stop(): Promise<void>;
}

const pruneEvery = 3_600_000;
/** Less than the ten seconds after which a client gives up on a join. */
const longestWait = 8_000;

/**
 * Starts a Realtime server: broadcast from the database, from clients and over HTTP, on public and private channels.
 * Resolves once messages of the database are received. Presence is acknowledged and not kept; `postgres_changes` is refused.
 */
export async function startRealtime(options: RealtimeOptions): Promise<Realtime> {
  const { dbUrl, log } = options;
  const hub = new Hub();
  const sockets = new Set<RealtimeSocket>();
  const sql = postgres(dbUrl, { max: 3, fetch_types: false, onnotice: () => {}, idle_timeout: 60 });
  const replication = startReplication({
    dbUrl,
    log,
    onMessage: (message) =>
      hub.broadcast(message.private, message.topic, {
        event: message.event,
        payload: message.payload,
        meta: { id: message.id },
      }),
    onLost: () => {
      for (const socket of sockets) socket.disconnect('the database restarts');
    },
  });
  const services: Services & { isReady(): boolean } = {
    keys: options,
    hub,
    authorization: createAuthorization(sql, log),
    ready: () => within(replication.ready(), longestWait),
    isReady: () => replication.isReady,
    log,
  };
  await replication.ready();
  const prune = () =>
    sql`select realtime.prune_messages()`.then(
      () => {},
      (error) => log(`realtime: ${messageOf(error)}`),
    );
  await prune();
  const pruning = setInterval(prune, pruneEvery);
  const server = new WebSocketServer({ noServer: true, maxPayload: 4 * 1024 * 1024 });

  return {
    handleUpgrade(request, socket, head) {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const apiKey = url.searchParams.get('apikey') ?? String(request.headers.apikey ?? '');
      const refusal = refusalOf(url.pathname, apiKey, options);
      if (refusal) {
        socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      server.handleUpgrade(request, socket, head, (ws) => {
        const version = url.searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0';
        const client = new RealtimeSocket(ws, version, apiKey, services);
        sockets.add(client);
        ws.on('close', () => sockets.delete(client));
      });
    },
    handleRequest: (request, response) => handleRequest(request, response, services),
    async stop() {
      clearInterval(pruning);
      for (const { ws } of sockets) ws.terminate();
      server.close();
      await replication.stop();
      await sql.end({ timeout: 1 });
    },
  };
}

function refusalOf(path: string, apiKey: string, keys: Keys): string | undefined {
  if (path.replace(/\/$/, '') !== '/realtime/v1/websocket') return '404 Not Found';
  try {
    identify(apiKey, keys);
  } catch {
    return '401 Unauthorized';
  }
  return undefined;
}

/** @throws {Refusal} when it takes longer than `milliseconds` */
async function within(wait: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const refusal = new Refusal('Realtime was unable to connect to the project database');
    timer = setTimeout(() => reject(refusal), milliseconds);
  });
  await Promise.race([wait, timeout]).finally(() => clearTimeout(timer));
}
