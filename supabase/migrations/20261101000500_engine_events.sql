-- Event triggers: rows of watched tables start workflows, inside the transaction that wrote them.
--
-- One statement trigger per event with transition tables, so that a bulk change is one set.
-- Candidates are found by (table, organisation). The user's own write always goes through.

create type workflow.change as (organization_id uuid, record jsonb, old_record jsonb);

-- The execution whose action runs in this transaction; null outside of one.
create function workflow.cause() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select nullif(current_setting('workflow.cause', true), '')::jsonb);
end $$;

-- Starts what a set of changes starts: by operation, columns, filter and cause. `p_workflow` narrows it
-- to one workflow. What a paused workflow drops is counted in the audit log.
create function workflow.start_matching(p_relation regclass, p_operation text, p_changes workflow.change[],
  p_workflow uuid default null) returns void
language plpgsql set search_path = '' as $$
declare
  v_cause jsonb := workflow.cause();
  v_now timestamptz := workflow.now();
  v_key jsonb := (select to_jsonb(key_columns) from workflow.watched_tables where relation = p_relation);
begin
  with matching as materialized (
    select t.workflow_id, t.organization_id, t.drops, c.record, c.old_record
    from unnest(p_changes) c
    join workflow.event_triggers t on t.relation = p_relation and t.organization_id = c.organization_id
    where lower(p_operation) = any (t.events)
      and (p_workflow is null or t.workflow_id = p_workflow)
      and (t.allow_self or t.workflow_id is distinct from (v_cause ->> 'workflow_id')::uuid)
      and (p_operation <> 'UPDATE' or t.columns is null or exists (
        select from unnest(t.columns) name where c.record -> name is distinct from c.old_record -> name))
      and (t.filter is null or workflow.rule_matches(t.filter, jsonb_build_object(
        'record', c.record, 'old_record', c.old_record, 'variables', t.variables), v_now))
  ), dropped as (
    insert into public.workflow_audit_log (organization_id, workflow_id, event, details)
      select organization_id, workflow_id, 'trigger_dropped',
        jsonb_build_object('table', p_relation::text, 'operation', p_operation, 'rows', count(*))
      from matching where drops group by organization_id, workflow_id
  )
  insert into public.workflow_executions (workflow_id, trigger, created_by, caused_by, depth)
    select workflow_id, jsonb_build_object('type', 'event', 'table', p_relation::text, 'operation', p_operation,
        'key', v_key, 'record', record, 'old_record', old_record),
      (select auth.uid()), (v_cause ->> 'execution_id')::uuid, coalesce((v_cause ->> 'depth')::int + 1, 0)
    from matching where not drops;
end $$;

-- A rule that fails must not fail the write, nor the other workflows: each is tried alone, and the one
-- that fails is paused with an entry in the audit log.
create function workflow.start_carefully(p_relation regclass, p_operation text, p_changes workflow.change[])
returns void
language plpgsql set search_path = '' as $$
declare
  v_change workflow.change;
  v_trigger workflow.event_triggers;
begin
  foreach v_change in array p_changes loop
    for v_trigger in select t.* from workflow.event_triggers t
      where t.relation = p_relation and t.organization_id = v_change.organization_id
    loop
      begin
        perform workflow.start_matching(p_relation, p_operation, array[v_change], v_trigger.workflow_id);
      exception when others then
        perform workflow.pause_failing(v_trigger, sqlerrm);
      end;
    end loop;
  end loop;
end $$;

create function workflow.pause_failing(p_trigger workflow.event_triggers, p_error text) returns void
language sql set search_path = '' as $$
  update public.workflows set status = 'paused' where id = p_trigger.workflow_id;
  -- Even of a workflow that queues while it is paused: its rule would fail again with each change.
  delete from workflow.event_triggers where workflow_id = p_trigger.workflow_id;
  insert into public.workflow_audit_log (organization_id, workflow_id, event, details)
    values (p_trigger.organization_id, p_trigger.workflow_id, 'trigger_failed', jsonb_build_object('error', p_error));
$$;

-- Changes that come from too long a chain of executions start nothing; the audit log says so.
create function workflow.too_deep(p_organization uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  if (workflow.cause() ->> 'depth')::int + 1 <= (select max_depth from workflow.settings) is not false then
    return false;
  end if;
  insert into public.workflow_audit_log (organization_id, workflow_id, execution_id, event, details)
    values (p_organization, (workflow.cause() ->> 'workflow_id')::uuid, (workflow.cause() ->> 'execution_id')::uuid,
      'depth_exceeded', workflow.cause());
  return true;
end $$;

create function workflow.start_changes(p_relation regclass, p_operation text, p_changes workflow.change[])
returns void
language plpgsql set search_path = '' as $$
begin
  if p_changes is null or workflow.too_deep((p_changes[1]).organization_id) then
    return;
  end if;
  begin
    perform workflow.start_matching(p_relation, p_operation, p_changes);
  exception when others then
    perform workflow.start_carefully(p_relation, p_operation, p_changes);
  end;
exception when others then
  raise warning 'workflow: no workflow started for a change of %: %', p_relation, sqlerrm;
end $$;

create function workflow.on_insert() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from workflow.event_triggers where relation = tg_argv[2]::regclass and 'insert' = any (events)) then
    perform workflow.start_changes(tg_argv[2]::regclass, 'INSERT', (
      select array_agg(row (c.org, c.record, null)::workflow.change)
      from new_rows n, lateral (select to_jsonb(n) as record) j,
      lateral (select (j.record ->> tg_argv[0])::uuid as org, j.record) c
      where c.org in (select organization_id from workflow.event_triggers where relation = tg_argv[2]::regclass)));
  end if;
  return null;
end $$;

create function workflow.on_delete() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from workflow.event_triggers where relation = tg_argv[2]::regclass and 'delete' = any (events)) then
    perform workflow.start_changes(tg_argv[2]::regclass, 'DELETE', (
      select array_agg(row (c.org, null, c.record)::workflow.change)
      from old_rows o, lateral (select to_jsonb(o) as record) j,
      lateral (select (j.record ->> tg_argv[0])::uuid as org, j.record) c
      where c.org in (select organization_id from workflow.event_triggers where relation = tg_argv[2]::regclass)));
  end if;
  return null;
end $$;

-- Arguments of the three: tenant column, key columns, the watched table (a trigger may sit on a partition of it).
-- Old and new rows are paired by primary key. A row whose key has changed is one deleted, one inserted.
create function workflow.on_update() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_keys text[] := string_to_array(tg_argv[1], ',');
  v_operation text;
  v_changes workflow.change[];
begin
  if not exists (select from workflow.event_triggers where relation = tg_argv[2]::regclass) then
    return null;
  end if;
  for v_operation, v_changes in
    with old_side as (
      select to_jsonb(o) as record, workflow.key_of(to_jsonb(o), v_keys) as key from old_rows o
    ), new_side as (
      select to_jsonb(n) as record, workflow.key_of(to_jsonb(n), v_keys) as key from new_rows n
    ), paired as (
      select case when o.record is null then 'INSERT' when n.record is null then 'DELETE' else 'UPDATE' end as operation,
        (coalesce(n.record, o.record) ->> tg_argv[0])::uuid as org, n.record, o.record as old_record
      from old_side o full join new_side n using (key)
    )
    select p.operation, array_agg(row (p.org, p.record, p.old_record)::workflow.change) from paired p
      where p.org in (select organization_id from workflow.event_triggers where relation = tg_argv[2]::regclass)
      group by p.operation
  loop
    perform workflow.start_changes(tg_argv[2]::regclass, v_operation, v_changes);
  end loop;
  return null;
end $$;

create function workflow.key_of(p_record jsonb, p_keys text[]) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return (
    select jsonb_agg(p_record -> k order by k) from unnest(p_keys) k);
end $$;
