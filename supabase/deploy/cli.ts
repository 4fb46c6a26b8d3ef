import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectDir } from '../local/paths.ts';

const environment = { ...process.env, DO_NOT_TRACK: '1' };
const program = join(projectDir, 'node_modules', '.bin', 'supabase');

/** Runs the Supabase CLI to its end. @returns whether it succeeded, and what it printed to either output */
export async function runCli(
  options: string[],
  show = false,
): Promise<{ ok: boolean; stdout: string; printed: string }> {
  const child = spawn(program, options, {
    cwd: projectDir,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = { stdout: '', printed: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen.stdout += text;
    seen.printed += text;
    if (show) process.stdout.write(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.printed += text;
    if (show) process.stderr.write(text);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { ok: code === 0, ...seen };
}
