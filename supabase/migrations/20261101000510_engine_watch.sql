-- Watching a table: what it must have, and the triggers it gets.

create function workflow.key_columns(p_relation regclass) returns name[]
language sql stable set search_path = '' as $$
  select array_agg(a.attname order by k.n)
  from pg_catalog.pg_index i, unnest(i.indkey::int2[]) with ordinality k(attnum, n)
  join pg_catalog.pg_attribute a on a.attrelid = p_relation and a.attnum = k.attnum
  where i.indrelid = p_relation and i.indisprimary
$$;

-- Refuses, with what to do, a table whose changes could not be watched correctly.
create function workflow.check_watchable(p_table text, p_tenant_column name) returns regclass
language plpgsql stable set search_path = '' as $$
declare
  v_relation regclass := to_regclass(p_table);
  v_class pg_catalog.pg_class;
begin
  select * into v_class from pg_catalog.pg_class where oid = v_relation;
  if v_relation is null then
    perform workflow.refuse('unknown_table', format('There is no table %L.', p_table), 'Name the schema, as in public.orders.');
  elsif v_class.relkind not in ('r', 'p') then
    perform workflow.refuse('not_a_table', format('%s is not a table that can have row triggers.', v_relation),
      'Views and foreign tables cannot be watched: watch the tables behind them.');
  elsif not pg_has_role(current_user, v_class.relowner, 'member') then
    perform workflow.refuse('not_owner', format('%s belongs to %s.', v_relation, v_class.relowner::regrole),
      format('Run this as a member of %s, or change the table''s owner.', v_class.relowner::regrole));
  -- Before the key: Postgres allows none above a foreign partition.
  elsif exists (select from pg_catalog.pg_partition_tree(v_relation) t join pg_catalog.pg_class c on c.oid = t.relid
      where c.relkind = 'f') then
    perform workflow.refuse('foreign_partition', format('%s has a foreign table among its partitions.', v_relation),
      'Watch its local partitions one by one.');
  elsif workflow.key_columns(v_relation) is null then
    perform workflow.refuse('no_primary_key', format('%s has no primary key.', v_relation),
      format('Add one: alter table %s add primary key (…);', v_relation));
  elsif not exists (select from pg_catalog.pg_attribute where attrelid = v_relation and attname = p_tenant_column
      and not attisdropped and atttypid = 'uuid'::regtype) then
    perform workflow.refuse('no_tenant_column', format('%s has no uuid column %I.', v_relation, p_tenant_column),
      'Name the column that holds the organisation: select workflow.watch_table(''…'', tenant_column => ''company_id'');');
  end if;
  return v_relation;
end $$;

-- Makes a table's rows start workflows. Safe to repeat; a partitioned table's partitions are watched too.
create function workflow.watch_table(p_table text, tenant_column name default 'organization_id') returns void
language plpgsql set search_path = '' as $$
declare
  v_relation regclass := workflow.check_watchable(p_table, tenant_column);
begin
  insert into workflow.watched_tables values (v_relation, tenant_column, workflow.key_columns(v_relation))
    on conflict (relation) do update
      set tenant_column = excluded.tenant_column, key_columns = excluded.key_columns;
  perform workflow.create_watch_triggers(v_relation);
end $$;

-- A statement on a partitioned table fires its own triggers, one on a partition only the partition's:
-- the whole tree is watched, and every trigger reports the table that was named.
create function workflow.create_watch_triggers(p_relation regclass) returns void
language plpgsql set search_path = '' as $$
declare
  v_member regclass;
  v_event text;
  v_arguments text;
begin
  select format('%L, %L, %L', tenant_column, array_to_string(key_columns, ','), relation) into v_arguments
    from workflow.watched_tables where relation = p_relation;
  for v_member in select p_relation union select relid from pg_catalog.pg_partition_tree(p_relation) loop
    foreach v_event in array array['insert', 'update', 'delete'] loop
      execute format('create or replace trigger workflow_%1$s after %1$s on %2$s referencing %3$s
        for each statement execute function workflow.on_%1$s(%4$s)', v_event, v_member, case v_event
          when 'insert' then 'new table as new_rows'
          when 'delete' then 'old table as old_rows'
          else 'old table as old_rows new table as new_rows' end, v_arguments);
    end loop;
  end loop;
end $$;

-- Partitions that have come since their table was watched. Returns how many.
create function workflow.watch_new_partitions() returns int
language plpgsql set search_path = '' as $$
declare
  v_relations regclass[];
begin
  v_relations := array(
    select distinct w.relation from workflow.watched_tables w, lateral pg_catalog.pg_partition_tree(w.relation) t
      where not exists (select from pg_catalog.pg_trigger g where g.tgrelid = t.relid and g.tgname = 'workflow_insert'));
  perform workflow.create_watch_triggers(r) from unnest(v_relations) r;
  return cardinality(v_relations);
end $$;

create function workflow.unwatch_table(p_table text) returns void
language plpgsql set search_path = '' as $$
declare
  v_relation regclass := to_regclass(p_table);
  v_member regclass;
  v_event text;
begin
  for v_member in select v_relation union select relid from pg_catalog.pg_partition_tree(v_relation) loop
    foreach v_event in array array['insert', 'update', 'delete'] loop
      execute format('drop trigger if exists workflow_%s on %s', v_event, v_member);
    end loop;
  end loop;
  delete from workflow.watched_tables where relation = v_relation;
end $$;
