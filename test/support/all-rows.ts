import type { Sql } from 'postgres';

/**
 * Every row of every table, by table: what it takes to say that something changed nothing. Tables of the
 * catalogue are left out; sequences are no tables.
 *
 * @param sql as superuser, so that no row is hidden
 * @param except conditions by table for the rows that are left out
 */
export async function allRows(
  sql: Sql,
  except: Record<string, string> = {},
): Promise<Record<string, string[]>> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') order by 1`;
  const rows: Record<string, string[]> = {};
  for (const { name } of tables) {
    const condition = except[name] ? `where not (${except[name]})` : '';
    const found = await sql.unsafe(`select t::text as row from ${name} t ${condition} order by 1`);
    rows[name] = found.map(({ row }) => row);
  }
  return rows;
}
