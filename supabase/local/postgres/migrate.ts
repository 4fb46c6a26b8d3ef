import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { PlatformError } from '../errors.ts';
import { projectDir } from '../paths.ts';

const run = promisify(execFile);

/**
 * Pushes `supabase/migrations` (and the seed, once) with the Supabase CLI, as it is done for a hosted project.
 * @param url the database as role `postgres`
 * @param workdir the folder that holds `supabase/`
 * @returns how many migrations were applied
 * @throws {PlatformError} with the CLI's own words
 */
export async function pushMigrations(url: string, workdir = projectDir): Promise<number> {
  const migrations = join(workdir, 'supabase', 'migrations');
  if (!existsSync(migrations) || !readdirSync(migrations).some((file) => file.endsWith('.sql'))) return 0;
  const cli = join(projectDir, 'node_modules', '.bin', 'supabase');
  const seed = existsSync(join(workdir, 'supabase', 'seed.sql')) ? ['--include-seed'] : [];
  const args = ['db', 'push', `--remote=${url}?sslmode=disable`, '--yes', ...seed, '--workdir', workdir];
  try {
    const { stdout, stderr } = await run(cli, args, {
      cwd: workdir,
      env: { ...process.env, DO_NOT_TRACK: '1', CI: '1' },
      maxBuffer: 16 * 1024 * 1024,
    });
    return (`${stdout}${stderr}`.match(/Applying migration /g) ?? []).length;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new PlatformError(`The migrations could not be applied:\n${`${stdout}${stderr}`.trim()}`);
  }
}

/**
 * Copies the database that nobody else is connected to, as it is now, to another of the same server.
 * @param url as role `postgres`
 */
export async function copyDatabase(url: string, name: string): Promise<void> {
  const { pathname } = new URL(url);
  const sql = postgres(url, { database: 'template1', max: 1, onnotice: () => {} });
  try {
    await sql`drop database if exists ${sql(name)}`;
    // A template must have no sessions: those of the CLI that has just ended may linger a moment.
    await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${pathname.slice(1)}`;
    await sql`create database ${sql(name)} template ${sql(pathname.slice(1))}`;
  } finally {
    await sql.end();
  }
}
