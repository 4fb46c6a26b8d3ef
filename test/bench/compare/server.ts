import { platform } from 'node:os';
import postgres, { type Sql } from 'postgres';
import { type PlatformProcess, startPlatformProcess } from '../../support/platform-process.ts';
import type { Contender } from './contenders.ts';
import { rowsTable } from './shapes.ts';

/** The one Postgres that everybody is measured on, and the databases in it. */
export interface BenchServer {
  /** The platform's own database, which our engine uses. */
  url: string;
  /** What Postgres says of itself. */
  settings: Record<string, string>;
  /** Makes a database of a contender's own. @returns its address */
  createDatabase(name: string, contender: Contender): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  /** Rows in `bench_rows` of a database. */
  countRows(url: string): Promise<number>;
  stop(): Promise<void>;
}

/** A copy of the migrated platform: what a Supabase project has, for engines that are installed into one. */
const supabaseCopy = 'supabase_copy';
const durable = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };

/** Starts the platform. @throws when its Postgres could lose a commit */
export async function startServer(): Promise<BenchServer> {
  const running = await startPlatformProcess(['--copy-as', supabaseCopy]);
  const url = running.details.db_url;
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const settings = await readSettings(sql);
    await sql.unsafe(rowsTable);
    await sql`grant all on public.bench_rows to service_role`;
    return { url, settings, ...databases(sql, url), stop: () => stop(sql, running) };
  } catch (error) {
    await stop(sql, running);
    throw error;
  }
}

async function stop(sql: Sql, running: PlatformProcess): Promise<void> {
  await sql.end({ timeout: 1 }).catch(() => {});
  await running.stop();
}

async function readSettings(sql: Sql): Promise<Record<string, string>> {
  const rows = await sql<{ name: string; setting: string }[]>`
    select name, current_setting(name) as setting from pg_settings
    where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'wal_level')`;
  const settings = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  for (const [name, value] of Object.entries(durable)) {
    if (settings[name] !== value)
      throw new Error(`Postgres runs with ${name} ${settings[name]}: no fair measurement.`);
  }
  return { ...settings, system: platform() };
}

function databases(sql: Sql, url: string) {
  const addressOf = (name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const within = async <T>(address: string, work: (other: Sql) => Promise<T>): Promise<T> => {
    const other = postgres(address, { max: 1, onnotice: () => {} });
    try {
      return await work(other);
    } finally {
      await other.end({ timeout: 1 });
    }
  };
  const dropDatabase = async (name: string) => {
    await sql`drop database if exists ${sql(name)} with (force)`;
  };
  return {
    async createDatabase(name: string, { onSupabase }: Contender) {
      await dropDatabase(name);
      await sql`create database ${sql(name)} template ${sql(onSupabase ? supabaseCopy : 'template1')}`;
      await within(addressOf(name), (other) => other.unsafe(rowsTable));
      return addressOf(name);
    },
    dropDatabase,
    countRows: (address: string) =>
      within(address, async (other) => {
        const [row] = await other<{ count: number }[]>`select count(*)::int as count from public.bench_rows`;
        return row?.count ?? 0;
      }),
  };
}
