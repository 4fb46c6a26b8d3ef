import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PlatformError } from '../errors.ts';
import { databasePassword } from '../keys.ts';
import { assertPortFree } from '../ports.ts';
import { commandOf, endProcess, isAlive, waitForExit } from '../processes.ts';
import type { Installation } from './binaries.ts';

const major = '17';
const run = promisify(execFile);

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  wal_level: 'logical',
  max_connections: '200',
  max_wal_senders: '20',
  max_replication_slots: '20',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  jit: 'off',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] %q%u ',
};

/** A running Postgres. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Fast shutdown: clients are disconnected, data is safe. Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Makes a new database cluster in `folder`, whole or not at all. */
export async function createCluster(installation: Installation, folder: string): Promise<void> {
  const part = `${folder}.new`;
  const passwordFile = `${part}.password`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part);
  chmodSync(part, 0o700);
  writeFileSync(passwordFile, databasePassword, { mode: 0o600 });
  const { uid, gid } = installation.runAs;
  if (uid !== undefined && gid !== undefined) {
    chownSync(part, uid, gid);
    chownSync(passwordFile, uid, gid);
  }
  const flags = [
    '--username=supabase_admin',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
  ];
  try {
    await run(installation.initdb, [`--pgdata=${part}`, ...flags], { ...installation.runAs, cwd: part });
  } catch (error) {
    const detail = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? error;
    throw new PlatformError(`A new database could not be made in ${folder}: ${detail}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(part, folder);
}

/** Whether there is a cluster in `folder`; throws one sentence when there is something else. */
export function hasCluster(folder: string, installation: Installation): boolean {
  if (!existsSync(folder)) return false;
  if (!statSync(folder).isDirectory())
    throw new PlatformError(`${folder} is not a folder: remove it or choose another --data-dir.`);
  if (readdirSync(folder).length === 0) {
    rmSync(folder, { recursive: true });
    return false;
  }
  const versionFile = join(folder, 'PG_VERSION');
  if (!existsSync(versionFile)) {
    throw new PlatformError(`${folder} holds files but no database: choose another --data-dir.`);
  }
  const version = readFileSync(versionFile, 'utf8').trim();
  if (version !== major) {
    throw new PlatformError(
      `${folder} was made by Postgres ${version}, this is ${major}: choose another --data-dir, or begin anew with --fresh.`,
    );
  }
  const { uid } = installation.runAs;
  if ((uid ?? process.getuid?.()) !== undefined && statSync(folder).uid !== (uid ?? process.getuid?.())) {
    throw new PlatformError(
      `${folder} belongs to another user: start as that user or choose another --data-dir.`,
    );
  }
  return true;
}

/**
 * Ends a Postgres that a killed platform left behind in `folder`, and removes a lock nobody holds.
 * @returns the process id it stopped, if any
 */
export async function stopOrphan(folder: string): Promise<number | undefined> {
  const lock = join(folder, 'postmaster.pid');
  if (!existsSync(lock)) return undefined;
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0]);
  if (!(pid > 0) || !isAlive(pid)) return undefined;
  if (!commandOf(pid).includes(folder)) {
    rmSync(lock, { force: true });
    return undefined;
  }
  await endProcess(pid, 'SIGINT', 15_000);
  return pid;
}

/**
 * Starts Postgres on a cluster and resolves when it accepts connections.
 * @param logFile what Postgres writes is appended here
 */
export async function startServer(
  installation: Installation,
  folder: string,
  port: number,
  logFile: string,
): Promise<Server> {
  await assertPortFree(port, '--db-port');
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(logFile, 'a');
  const child = spawn(installation.postgres, ['-D', folder, '-p', String(port), ...flags], {
    ...installation.runAs,
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await untilReady(child, folder, logFile);
  const pid = child.pid ?? 0;
  return {
    pid,
    port,
    exited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGINT');
      if (!(await waitForExit(pid, 15_000))) child.kill('SIGQUIT');
      await exited;
    },
  };
}

async function untilReady(child: ChildProcess, folder: string, logFile: string): Promise<void> {
  const lock = join(folder, 'postmaster.pid');
  for (const end = Date.now() + 60_000; ; await sleep(15)) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      throw new PlatformError(
        `Postgres did not start on ${folder}; --fresh begins anew. The end of ${logFile}:\n${lastLines(logFile)}`,
      );
    }
    const lines = existsSync(lock) ? readFileSync(lock, 'utf8').split('\n') : [];
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return;
    if (Date.now() > end) {
      child.kill('SIGQUIT');
      throw new PlatformError(
        `Postgres was not ready after 60 s. The end of ${logFile}:\n${lastLines(logFile)}`,
      );
    }
  }
}

/** The last lines of a log file. */
export function lastLines(file: string, count = 10): string {
  return existsSync(file)
    ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
    : '(no log)';
}
