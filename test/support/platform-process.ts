import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectDir } from '../../supabase/local/paths.ts';
import { readState, type State } from '../../supabase/local/state.ts';

/** An untouched copy of the migrated database on the shared platform's server. */
export const migratedDatabase = 'migrated';

/** What `npm start -- --json` prints, and where the platform keeps its files. */
export interface PlatformDetails {
  api_url: string;
  db_url: string;
  publishable_key: string;
  secret_key: string;
  demo: { email: string; password: string; organization_id: string | null };
  data_dir: string;
}

/** A platform in a process of its own, as `npm start` makes it. */
export interface PlatformProcess {
  details: PlatformDetails;
  process: ChildProcess;
  /** Process ids and ports, as of now. */
  state(): State;
  /** Ends it as Ctrl-C would and removes its files. */
  stop(): Promise<void>;
}

const start = join(projectDir, 'supabase/local/start.ts');

/** An empty folder that every user may enter. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'atlvs-test-'));
  chmodSync(folder, 0o755);
  return folder;
}

/**
 * Runs `npm start -- --json` on free ports.
 * @param options further options of `npm start`
 * @param command what to run; without npm by default, so that a signal reaches the platform itself
 * @throws with what it printed, when it ends instead of getting ready
 */
export async function startPlatformProcess(
  options: string[] = [],
  dataDir = temporaryFolder(),
  [program, ...args]: [string, ...string[]] = [process.execPath, '--import', 'tsx', start],
): Promise<PlatformProcess> {
  const fixed = ['--json', '--attached', '--api-port', '0', '--db-port', '0', '--data-dir', dataDir];
  const child = spawn(program, [...args, ...fixed, ...options], {
    cwd: projectDir,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
  const failed = exited.then(() => {
    throw new Error(printed.trim() || 'The platform ended before it was ready');
  });
  const details = JSON.parse(await Promise.race([line, failed]));
  failed.catch(() => {});
  return {
    details: { ...details, data_dir: dataDir },
    process: child,
    state() {
      const state = readState(dataDir);
      if (!state) throw new Error(`No platform runs on ${dataDir}`);
      return state;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
