import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll } from 'vitest';
import { projectDir } from '../../supabase/local/paths.ts';
import { type PlatformProcess, startPlatformProcess, temporaryFolder } from './platform-process.ts';
import { usersOf } from './users.ts';

/** A platform of the test file's own, for tests that change settings, stop a part or bring their own worker. */
export type OwnPlatform = ReturnType<typeof usersOf> & {
  platform: PlatformProcess;
  /** As role `postgres`. */
  sql: Sql;
};

interface OwnOptions {
  /** Entrypoint of another worker function than this project's. */
  worker?: string;
  /** Secrets of the functions. */
  variables?: Record<string, string>;
}

/** Call it at the top of the file; it stops when the file ends. */
export async function useOwnPlatform({ worker, variables }: OwnOptions = {}): Promise<OwnPlatform> {
  const project = worker || variables ? ownProject(worker, variables) : undefined;
  const platform = await startPlatformProcess(project ? ['--project', project] : []);
  const sql = postgres(platform.details.db_url, { max: 4, onnotice: () => {} });
  const users = usersOf(platform.details, sql);
  afterAll(async () => {
    await users.disconnect();
    await sql.end({ timeout: 1 });
    await platform.stop();
    if (project) rmSync(project, { recursive: true });
  });
  return { platform, sql, ...users };
}

/** This project's migrations, and its configuration with another worker and other secrets. */
function ownProject(worker: string | undefined, variables: Record<string, string> = {}): string {
  const folder = join(temporaryFolder(), 'supabase');
  mkdirSync(folder);
  symlinkSync(join(projectDir, 'supabase/migrations'), join(folder, 'migrations'), 'junction');
  const functions = join(folder, '..', 'functions');
  mkdirSync(functions);
  // Listeners of the tests are on this machine, where http steps may not go by themselves.
  const secrets = { WORKFLOW_HTTP_ALLOW: '127.0.0.1', ...variables };
  const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(functions, '.env'), lines.join(''));
  const config = readFileSync(join(projectDir, 'supabase/config.toml'), 'utf8');
  const own = config.replaceAll(/entrypoint = "\.\.\/(functions\/(\w+)\/index\.ts)"/g, (_, path, name) => {
    const entrypoint = name === 'worker' && worker ? worker : join(projectDir, path);
    return `entrypoint = ${JSON.stringify(entrypoint)}`;
  });
  if (worker && !own.includes(JSON.stringify(worker)))
    throw new Error('config.toml names no function worker.');
  const imports = `import_map = ${JSON.stringify(join(projectDir, 'deno.json'))}`;
  writeFileSync(join(folder, 'config.toml'), own.replaceAll('import_map = "../deno.json"', imports));
  return join(folder, '..');
}
