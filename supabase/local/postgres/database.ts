import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import postgres from 'postgres';
import { messageOf, PlatformError } from '../errors.ts';
import { databasePassword } from '../keys.ts';
import { canEnter, findInstallation, type Installation, readablePlace } from './binaries.ts';
import { bootstrap } from './bootstrap.ts';
import { installExtensions } from './extensions.ts';
import { createCluster, hasCluster, type Server, startServer, stopOrphan } from './server.ts';

export interface DatabaseOptions {
  /** The platform's folder: the cluster goes into `postgres/`, the log into `logs/`. */
  dataDir: string;
  port: number;
  /** Throw an existing cluster away first. */
  fresh?: boolean;
  /** Told what happens, one line at a time. */
  say?(line: string): void;
  /** Told the process id of Postgres, at every start. */
  onPid?(pid: number): void;
  /** Told when Postgres ended by itself and could not be started again. */
  onCrash?(error: Error): void;
}

/** A Postgres with everything a hosted project's database has before its first migration. */
export interface Database {
  /** As role `postgres`, which migrations and Edge Functions use. */
  readonly url: string;
  /** As superuser `supabase_admin`, for the platform itself. */
  readonly adminUrl: string;
  readonly logFile: string;
  pid(): number;
  /** Stops and starts Postgres on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the database of a platform, made anew where there is none. Should Postgres end by itself, it is started again. */
export async function startDatabase(options: DatabaseOptions): Promise<Database> {
  const say = options.say ?? (() => {});
  const installation = await findInstallation(say);
  const folder = clusterFolder(options.dataDir, installation, say);
  const logFile = join(options.dataDir, 'logs', 'postgres.log');
  const orphan = await stopOrphan(folder);
  if (orphan) say(`Stopped Postgres (process ${orphan}) that an earlier start had left behind`);
  if (options.fresh && existsSync(join(folder, 'PG_VERSION'))) {
    rmSync(folder, { recursive: true });
    rmSync(join(options.dataDir, 'logs'), { recursive: true, force: true });
    mkdirSync(join(options.dataDir, 'logs'));
  }
  installExtensions(installation.extensionDir);
  if (!hasCluster(folder, installation)) await createCluster(installation, folder);

  let server: Server;
  let expected = false;
  const start = async () => {
    const current = await startServer(installation, folder, options.port, logFile);
    server = current;
    options.onPid?.(current.pid);
    void current.exited.then(() => {
      if (!expected) startAgain(start).catch((error) => options.onCrash?.(error));
    });
  };
  const stop = async () => {
    expected = true;
    await server.stop();
  };
  await start();
  const url = (role: string) => `postgresql://${role}:${databasePassword}@127.0.0.1:${options.port}/postgres`;
  try {
    await prepare(url('supabase_admin'), folder, say);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: url('postgres'),
    adminUrl: url('supabase_admin'),
    logFile,
    pid: () => server.pid,
    async restart() {
      await stop();
      expected = false;
      await start();
    },
    stop,
  };
}

/** After a crash the old processes need a moment to let go of memory and port. */
async function startAgain(start: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function prepare(adminUrl: string, folder: string, say: (line: string) => void): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const state = await bootstrap(sql);
    if (state === 'outdated')
      say(
        `${folder} was made by another version of the platform: begin anew with --fresh if something is missing`,
      );
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === '28P01' || code === '28000') {
      throw new PlatformError(`${folder} is somebody else's database: choose another --data-dir.`);
    }
    throw error instanceof PlatformError
      ? error
      : new PlatformError(`The database could not be prepared: ${messageOf(error)}`);
  } finally {
    await sql.end();
  }
}

/** The cluster's folder: inside the data folder, or in a readable place when user `postgres` cannot get there. */
function clusterFolder(dataDir: string, installation: Installation, say: (line: string) => void): string {
  for (const folder of [dataDir, join(dataDir, 'logs')]) {
    if (existsSync(folder)) continue;
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
  }
  const inside = join(resolve(dataDir), 'postgres');
  if (canEnter(dataDir, installation.runAs)) return inside;
  const place = join(readablePlace(), resolve(dataDir).replaceAll('/', '_'));
  const folder = join(place, 'postgres');
  mkdirSync(place, { recursive: true });
  chmodSync(place, 0o755);
  // Without this link the data folder is a new one, and what lies outside belonged to its predecessor.
  if (!existsSync(inside)) {
    rmSync(folder, { recursive: true, force: true });
    rmSync(inside, { force: true });
    symlinkSync(folder, inside);
  }
  say(`User \`postgres\` may not enter ${dataDir}: the database lies in ${place}`);
  return folder;
}
