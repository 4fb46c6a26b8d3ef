import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { choosePort } from '../../supabase/local/ports.ts';
import { type Database, startDatabase } from '../../supabase/local/postgres/database.ts';

/** A database for one test file, which may restart it without disturbing the others. */
export interface OwnDatabase {
  /** As role `postgres`. */
  sql: Sql;
  adminUrl: string;
  url: string;
  restart: Database['restart'];
  stop(): Promise<void>;
}

/** Starts an empty database (no migrations) on a free port in a temporary folder. */
export async function startOwnDatabase(): Promise<OwnDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'atlvs-test-'));
  chmodSync(dataDir, 0o755);
  const database = await startDatabase({ dataDir, port: await choosePort(0, 0, '--db-port', () => {}) });
  const sql = postgres(database.url, { max: 4, onnotice: () => {} });
  return {
    sql,
    adminUrl: database.adminUrl,
    url: database.url,
    restart: database.restart,
    async stop() {
      await sql.end({ timeout: 1 });
      await database.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Collects what happens and hands it out in order: tests await events and never sleep. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #wake = () => {};

  readonly add = (item: T): void => {
    this.all.push(item);
    this.#wake();
  };

  /** The next item not yet handed out. */
  async next(): Promise<T> {
    while (this.all.length === this.#taken) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.all[this.#taken++] as T;
  }

  async take(count: number): Promise<T[]> {
    const items: T[] = [];
    while (items.length < count) items.push(await this.next());
    return items;
  }
}
