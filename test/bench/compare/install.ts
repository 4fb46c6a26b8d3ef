import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the peers' packages live, away from the project's own. */
export const peersDir = fileURLToPath(new URL('../peers', import.meta.url));
const stamp = join(peersDir, 'node_modules/.installed');

/** The exact versions that are installed. */
export function peerVersions(): Record<string, string> {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(peersDir, 'package.json'), 'utf8'),
  );
  return { ...dependencies, ...optionalDependencies };
}

/**
 * Installs the peers from the npm registry on first use, and again when the lock file has changed.
 * @returns why that failed, if it did
 */
export async function installPeers(
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const lock = createHash('sha256')
    .update(readFileSync(join(peersDir, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return undefined;
  say('Installing the peers once: npm ci in test/bench/peers (about 240 MB, most of it Restate)');
  const failure = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], signal);
  if (failure === undefined) writeFileSync(stamp, lock);
  return failure;
}

function run(program: string, args: string[], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    let printed = '';
    const child = spawn(program, args, {
      cwd: peersDir,
      signal,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-2_000);
    });
    child.once('error', (error) => resolve(`npm ci: ${error.message}`));
    child.once('close', (code) => resolve(code === 0 ? undefined : `npm ci failed: ${errorOf(printed)}`));
  });
}

/** npm's own words, without where its log is. */
function errorOf(printed: string): string {
  const errors = printed
    .split('\n')
    .filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log/.test(line));
  return errors
    .slice(0, 3)
    .map((line) => line.replace(/^npm (error|ERR!) ?/, ''))
    .join('; ');
}
