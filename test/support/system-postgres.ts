import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { databasePassword } from '../../supabase/local/keys.ts';
import { freePort } from '../../supabase/local/ports.ts';
import { findInstallation, type Installation } from '../../supabase/local/postgres/binaries.ts';
import { bootstrap } from '../../supabase/local/postgres/bootstrap.ts';
import { installExtensions } from '../../supabase/local/postgres/extensions.ts';
import { pushMigrations } from '../../supabase/local/postgres/migrate.ts';
import { createCluster, type Server, startServer } from '../../supabase/local/postgres/server.ts';

const root = '/usr/lib/postgresql';

/** Version of the newest Postgres of this (Debian) system that has pg_cron; undefined where there is none. */
export function systemPostgresWithCron(): string | undefined {
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .filter((version) => existsSync(join(root, version, 'lib', 'pg_cron.so')))
    .filter((version) => existsSync(join(root, version, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a))[0];
}

/** A migrated database of a system Postgres, on which the real pg_cron runs. */
export interface SystemDatabase {
  /** As role `postgres`. */
  sql: Sql;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the system's Postgres on a cluster of its own, with the real pg_cron; pgmq, pg_net and Vault are those of the
 * local platform. Nothing is written outside of a temporary folder.
 */
export async function startSystemDatabase(version: string): Promise<SystemDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'atlvs-system-'));
  chmodSync(folder, 0o755);
  const installation = {
    ...copyInstallation(folder, version),
    runAs: (await findInstallation(() => {})).runAs,
  };
  const [cluster, log, port] = [join(folder, 'data'), join(folder, 'postgres.log'), await freePort()];
  await createCluster(installation, cluster);
  appendFileSync(
    join(cluster, 'postgresql.conf'),
    `shared_preload_libraries = 'pg_cron'\ncron.use_background_workers = on\nfsync = off\n`,
  );
  let server: Server = await startServer(installation, cluster, port, log);
  const url = (role: string) => `postgresql://${role}:${databasePassword}@127.0.0.1:${port}/postgres`;
  try {
    await prepare(url('supabase_admin'));
    await pushMigrations(url('postgres'));
  } catch (error) {
    await server.stop();
    throw error;
  }
  const sql = postgres(url('postgres'), { max: 4, onnotice: () => {} });
  return {
    sql,
    async restart() {
      await server.stop();
      server = await startServer(installation, cluster, port, log);
    },
    async stop() {
      await sql.end({ timeout: 1 });
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Postgres finds its files from where its binary lies: a copy has extensions of its own. */
function copyInstallation(folder: string, version: string): Omit<Installation, 'runAs'> {
  const [lib, share] = [join(folder, 'lib/postgresql', version), join(folder, 'share/postgresql', version)];
  mkdirSync(join(lib, 'bin'), { recursive: true });
  for (const name of ['postgres', 'initdb']) cpSync(join(root, version, 'bin', name), join(lib, 'bin', name));
  symlinkSync(join(root, version, 'lib'), join(lib, 'lib'));
  const original = join('/usr/share/postgresql', version);
  cpSync(original, share, { recursive: true, dereference: true });
  const extensionDir = join(share, 'extension');
  installExtensions(extensionDir);
  rmSync(join(extensionDir, 'pg_cron--1.6.4.sql'));
  cpSync(join(original, 'extension', 'pg_cron.control'), join(extensionDir, 'pg_cron.control'));
  return { initdb: join(lib, 'bin/initdb'), postgres: join(lib, 'bin/postgres'), extensionDir };
}

/** What a hosted project has before its first migration, pg_cron with its grants included. */
async function prepare(adminUrl: string): Promise<void> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await bootstrap(admin);
    await admin.unsafe(`
      create extension pg_cron;
      grant usage on schema cron to postgres with grant option;
      grant execute on all functions in schema cron to postgres with grant option;
      grant all on cron.job_run_details to postgres with grant option;
      grant select on cron.job to postgres with grant option;`);
  } finally {
    await admin.end();
  }
}
