import { randomUUID } from 'node:crypto';
import type { Sql } from 'postgres';
import { afterAll } from 'vitest';

/**
 * A table in `public` under row-level security, dropped when the test file ends.
 *
 * @param columns beside `id` and `organization_id`
 * @param policies what follows `create policy <name> on <table>`; members may do everything by default
 * @returns its name, as entity and in triggers
 */
export async function scratchTable(
  sql: Sql,
  columns: string,
  policies = ["to authenticated using (organization_id in (select workflow.member_organizations('viewer')))"],
): Promise<string> {
  const name = `scratch_${randomUUID().replaceAll('-', '')}`;
  await sql.unsafe(`
    create table public.${name} (
      id uuid primary key default workflow.new_id(), organization_id uuid not null, ${columns});
    alter table public.${name} enable row level security;
    grant all on public.${name} to authenticated;
    ${policies.map((policy, index) => `create policy p${index} on public.${name} ${policy};`).join('\n')}`);
  afterAll(async () => {
    await sql`select workflow.unwatch_table(${`public.${name}`})`;
    await sql`drop table public.${sql(name)} cascade`;
  });
  return name;
}

/** A scratch table whose rows start workflows. */
export async function watchedTable(sql: Sql, columns: string, policies?: string[]): Promise<string> {
  const name = await scratchTable(sql, columns, policies);
  await sql`select workflow.watch_table(${`public.${name}`})`;
  return name;
}
