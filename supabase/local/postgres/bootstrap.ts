import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sql } from 'postgres';
import { localDir } from '../paths.ts';

/** The statements that make an empty cluster look like a hosted project, in order: file name and SQL. */
async function bootstrapScripts(): Promise<[string, string][]> {
  // Loaded here and not above: it takes a second, which passes while Postgres starts.
  const { getAuthSchemaSql } = await import('@supabase/lite');
  const folder = join(localDir, 'bootstrap');
  const scripts = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .map((file): [string, string] => [file, readFileSync(join(folder, file), 'utf8')]);
  scripts.push(['30_auth_tables', getAuthSchemaSql()]);
  return scripts.sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Runs the bootstrap scripts once, all or none.
 * @param sql a connection as `supabase_admin`
 * @returns `created`, `present`, or `outdated` when the cluster was made by other scripts than today's
 */
export async function bootstrap(sql: Sql): Promise<'created' | 'present' | 'outdated'> {
  const scripts = await bootstrapScripts();
  const hash = createHash('sha256').update(scripts.flat().join('\0')).digest('hex').slice(0, 16);
  const [database] =
    await sql`select shobj_description(oid, 'pg_database') as made_by from pg_database where datname = 'postgres'`;
  const madeBy = /^supabase\/local ([0-9a-f]+)$/.exec(database?.made_by ?? '')?.[1];
  if (madeBy) return madeBy === hash ? 'present' : 'outdated';
  await sql.begin(async (tx) => {
    for (const [name, script] of scripts) {
      await tx.unsafe(script).catch((error) => {
        throw new Error(`bootstrap/${name}: ${error.message}`, { cause: error });
      });
    }
    await tx.unsafe(`comment on database postgres is 'supabase/local ${hash}'`);
  });
  return 'created';
}
