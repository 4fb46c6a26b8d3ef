import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { camelCase, environmentOf, filledIn, type Values } from './values.ts';

/**
 * Runs a block of shell that ends at the first error. Variables it sets are known to the blocks that follow.
 *
 * @param environment what it starts with beside them
 * @returns what it prints, to either output
 * @throws with the same, where it fails
 */
export async function runShell(
  code: string,
  folder: string,
  environment: NodeJS.ProcessEnv,
  values: Values,
): Promise<string> {
  const known = { ...environment, ...environmentOf(values) };
  const script = `set -euo pipefail\ntrap 'env -0 >&3' EXIT\nset -a\n${filledIn(code, values)}`;
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: known,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  // What a reader sees: both outputs, as they come.
  let seen = '';
  for (const output of [child.stdout, child.stderr]) {
    output?.setEncoding('utf8').on('data', (chunk) => {
      seen += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const variables = await text(child.stdio[3] as Readable);
  if ((await ended) !== 0) throw new Error(seen);
  for (const variable of variables.split('\0')) {
    const [name = '', ...rest] = variable.split('=');
    const value = rest.join('=');
    if (/^[A-Z][A-Z0-9_]*$/.test(name) && process.env[name] !== value) values.set(camelCase(name), value);
  }
  return seen;
}
