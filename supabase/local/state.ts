import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from './errors.ts';
import { endProcess, isAlive } from './processes.ts';

/** What a platform writes to `platform.json` in its data folder: where everything is, for tests and for the next start. */
export interface State {
  api_url: string;
  database_port: number;
  pids: { platform: number; postgres?: number; functions: Record<string, number> };
  /** When each of these processes began, by id: a number alone may belong to somebody else by now. */
  began: Record<string, string>;
}

const fileOf = (dataDir: string) => join(dataDir, 'platform.json');

/** The state of the platform that uses, or last used, this data folder. */
export function readState(dataDir: string): State | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(dataDir), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes the state, whole or not at all. */
export function writeState(dataDir: string, state: Omit<State, 'began'>): void {
  const pids = [state.pids.platform, state.pids.postgres ?? 0, ...Object.values(state.pids.functions)];
  const began = Object.fromEntries(pids.filter((pid) => pid > 0).map((pid) => [pid, beginningOf(pid)]));
  const part = `${fileOf(dataDir)}.part`;
  writeFileSync(part, `${JSON.stringify({ ...state, began }, null, 2)}\n`);
  renameSync(part, fileOf(dataDir));
}

export function removeState(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true });
}

/**
 * Makes sure that no other platform uses the data folder, and ends the functions that a killed one left behind
 * (Postgres is looked for by its own lock).
 * @throws {PlatformError} when one is running
 */
export async function takeOver(dataDir: string, say: (line: string) => void): Promise<void> {
  const state = readState(dataDir);
  if (!state) return;
  const isOurs = (pid: number) => isAlive(pid) && state.began?.[pid] === beginningOf(pid);
  const { platform, functions = {} } = state.pids ?? { platform: 0 };
  if (platform !== process.pid && isOurs(platform)) {
    throw new PlatformError(
      `A platform runs on ${dataDir} already (${state.api_url}, process ${platform}): stop it or choose another --data-dir.`,
    );
  }
  for (const [name, pid] of Object.entries(functions)) {
    if (!isOurs(pid)) continue;
    await endProcess(pid, 'SIGKILL');
    say(`Stopped function ${name} (process ${pid}) that an earlier start had left behind`);
  }
}

/** When a process began, in whatever form the system gives it; empty when there is none. */
function beginningOf(pid: number): string {
  const stat = `/proc/${pid}/stat`;
  try {
    if (existsSync('/proc/self/stat')) return readFileSync(stat, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
