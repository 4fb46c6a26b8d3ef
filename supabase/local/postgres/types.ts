import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { projectDir } from '../paths.ts';

const bin = (name: string) => join(projectDir, 'node_modules', '.bin', name);

/** The TypeScript types of schema `public`, from `supabase gen types`, formatted. @param url as role `postgres` */
export async function generateTypes(url: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    bin('supabase'),
    ['gen', 'types', `--remote=${url}?sslmode=disable`],
    {
      cwd: projectDir,
      env: { ...process.env, DO_NOT_TRACK: '1' },
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  const biome = spawn(bin('biome'), ['format', '--stdin-file-path=types.ts'], {
    cwd: projectDir,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  biome.stdin.end(stdout);
  const [formatted, [code]] = await Promise.all([text(biome.stdout), once(biome, 'close')]);
  if (code !== 0) throw new Error('The types could not be formatted.');
  return formatted;
}
