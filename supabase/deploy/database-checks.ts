import type { Sql } from 'postgres';
import type { Finding } from '../findings.ts';

const extensions = ['pgmq', 'pg_net', 'pg_cron', 'supabase_vault'];

/** Whether the extensions that the migrations create can be had. */
export async function checkExtensions(sql: Sql): Promise<Finding> {
  const rows = await sql<{ name: string; version: string }[]>`
    select name, coalesce(installed_version, default_version) as version
    from pg_available_extensions where name in ${sql(extensions)} order by name`;
  const missing = extensions.filter((name) => !rows.some((row) => row.name === name));
  const check = 'extensions';
  if (missing.length > 0) {
    const hint =
      "Upgrade the project's Postgres (Settings → Infrastructure): every current version has them.";
    return { check, status: 'error', value: `missing: ${missing.join(', ')}`, hint };
  }
  const value = rows.map(({ name, version }) => `${name} ${version}`).join(', ');
  const cron = rows.find(({ name }) => name === 'pg_cron')?.version ?? '';
  if (Number.parseFloat(cron) >= 1.5) return { check, status: 'ok', value, hint: null };
  const hint =
    'pg_cron before 1.5 knows minutes only: delays and schedules are up to a minute late. Upgrade Postgres.';
  return { check, status: 'warn', value, hint };
}

/** Whether the database is told where the worker is, and how to call it. */
export async function checkVault(sql: Sql, ref: string): Promise<Finding> {
  const check = 'vault';
  const [installed] = await sql`select from pg_extension where extname = 'supabase_vault'`;
  const entries = installed
    ? await sql<{ name: string; value: string }[]>`
        select name, decrypted_secret as value from vault.decrypted_secrets
        where name in ('project_url', 'secret_key')`
    : [];
  const entryOf = (name: string) => entries.find((entry) => entry.name === name)?.value;
  const [url, key] = [entryOf('project_url'), entryOf('secret_key')];
  const other = /^https:\/\/([a-z]{20})\.supabase\.co/.exec(url ?? '')?.[1];
  const faults = [
    ...(url === undefined ? ['project_url is missing'] : []),
    ...(other && other !== ref ? [`project_url is that of another project, ${other}`] : []),
    ...(key === undefined ? ['secret_key is missing'] : []),
    ...(key !== undefined && !/^(sb_secret_|eyJ)/.test(key) ? ['secret_key is no secret key'] : []),
  ];
  if (faults.length === 0)
    return { check, status: 'ok', value: 'project_url and secret_key are there', hint: null };
  const hint = `In the SQL editor: select vault.create_secret('https://${ref}.supabase.co', 'project_url'); select vault.create_secret('sb_secret_…', 'secret_key'); or vault.update_secret(id, …) where one is there.`;
  return {
    check,
    status: 'error',
    value: faults.join('; '),
    hint: installed
      ? hint
      : `create extension if not exists supabase_vault with schema vault; then, i${hint.slice(1)}`,
  };
}

/** The channels that published workflows write to; none where there is no engine yet. */
export async function usedChannels(sql: Sql): Promise<string[]> {
  const [engine] = await sql`select to_regclass('public.workflow_versions') is not null as there`;
  if (!engine?.there) return [];
  const rows = await sql<{ channel: string }[]>`
    select distinct c.value #>> '{}' as channel
    from public.workflows w
    join public.workflow_versions v on v.workflow_id = w.id and v.version = w.active_version,
    jsonb_path_query(v.definition, 'strict $.**.channel') c (value)
    where w.status in ('active', 'paused') order by 1`;
  return rows.map(({ channel }) => channel);
}
