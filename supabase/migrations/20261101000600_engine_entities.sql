-- Entities: the tables that actions may read and write, and what an action must know of them.

-- Engine and tenancy tables are no entities: a workflow must not rewrite itself or its memberships.
create function workflow.is_reserved_table(p_table text) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select p_table like 'workflow%' or p_table like 'approval\_%'
    or p_table in ('scheduled_workflows', 'notification_templates', 'notification_settings', 'organizations',
      'organization_members')
$$;

-- `leads` or `public.leads`; null for anything that is not a plain table of an exposed schema.
create function workflow.entity_relation(p_name text) returns regclass
language sql stable set search_path = '' as $$
  select c.oid::regclass
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p')
    and c.relname = regexp_replace(p_name, '^public\.', '')
    and not workflow.is_reserved_table(c.relname)
$$;

-- Types carry no length: a cast to varchar(20) would cut a value off where an assignment refuses it.
-- A domain is described by what it is made of.
create function workflow.entity_columns(p_relation regclass) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_object_agg(a.attname, jsonb_build_object(
    'type', format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), -1),
    'nullable', not (a.attnotnull or t.typnotnull),
    'has_default', a.atthasdef or a.attidentity <> '' or t.typdefault is not null))
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid
  where a.attrelid = p_relation and a.attnum > 0 and not a.attisdropped
$$;

-- The column that says whose a row is: the one the table is watched by, else `organization_id`.
create function workflow.entity_tenant_column(p_relation regclass) returns text
language sql stable set search_path = '' as $$
  select coalesce(
    (select w.tenant_column::text from workflow.watched_tables w where w.relation = p_relation),
    (select a.attname::text from pg_catalog.pg_attribute a
     where a.attrelid = p_relation and a.attname = 'organization_id' and not a.attisdropped))
$$;

-- Security definer: the watched tables are the engine's own. It tells names and types, never rows.
create function workflow.describe_entity(p_name text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'schema', n.nspname,
    'table', c.relname,
    'columns', workflow.entity_columns(c.oid),
    'primary_key', coalesce(to_jsonb(workflow.key_columns(c.oid)), '[]'),
    'tenant_column', workflow.entity_tenant_column(c.oid))
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = workflow.entity_relation(p_name)
$$;
comment on function workflow.describe_entity(text) is
  'Columns, primary key and tenant column of a table that actions may use; null when they may not.';
