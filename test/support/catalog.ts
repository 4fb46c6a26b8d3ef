import type { Sql } from 'postgres';

/**
 * What is in a database, one line each: schemas, relations, columns, constraints, indexes, triggers, policies, grants and functions of
 * schema public and workflow, policies of Realtime, queues, jobs. Extensions are left out.
 */
export async function catalogOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    with relations as (
      select c.*, c.oid::regclass::text as name from pg_class c
      where c.relnamespace::regnamespace::text in ('public', 'workflow') and c.relkind in ('r', 'p', 'v', 'm', 'S'))
    select 'schema ' || nspname as line from pg_namespace
      where nspname !~ '^pg_' and oid not in (select objid from pg_depend where classid = 'pg_namespace'::regclass and deptype = 'e')
        and nspname not in ('pgmq', 'cron', 'net', 'vault', 'information_schema')
    union all select concat_ws(' ', 'relation', name, relkind, relrowsecurity, relacl) from relations
    union all select concat_ws(' ', 'column', name, attname, format_type(atttypid, atttypmod), attnotnull, attacl,
        pg_get_expr(adbin, adrelid))
      from relations join pg_attribute a on attrelid = relations.oid and attnum > 0 and not attisdropped
      left join pg_attrdef d on adrelid = relations.oid and adnum = attnum
    union all select concat_ws(' ', 'constraint', name, conname, pg_get_constraintdef(c.oid))
      from relations join pg_constraint c on conrelid = relations.oid
    union all select concat_ws(' ', 'index', name, pg_get_indexdef(indexrelid))
      from relations join pg_index on indrelid = relations.oid
    union all select concat_ws(' ', 'trigger', name, pg_get_triggerdef(t.oid))
      from relations join pg_trigger t on tgrelid = relations.oid and not tgisinternal
    union all select concat_ws(' ', 'policy', tablename, policyname, roles, cmd, qual, with_check)
      from pg_policies where schemaname in ('public', 'realtime')
    union all select concat_ws(' ', 'function', p.oid::regprocedure, proacl, md5(prosrc))
      from pg_proc p where pronamespace::regnamespace::text in ('public', 'workflow')
        and oid not in (select objid from pg_depend where classid = 'pg_proc'::regclass and deptype = 'e')
    union all select 'type ' || t.oid::regtype from pg_type t where typnamespace::regnamespace::text in ('public', 'workflow')
    union all select 'queue ' || oid::regclass from pg_class
      where relnamespace = to_regnamespace('pgmq') and relname ~ '^[qa]_' and relkind = 'r'
    order by line`;
  const [known] = await sql<{ cron: boolean }[]>`select to_regclass('cron.job') is not null as cron`;
  const jobs = known?.cron
    ? await sql<{ line: string }[]>`select 'job ' || jobname as line from cron.job`
    : [];
  return [...rows, ...jobs].map(({ line }) => line);
}
