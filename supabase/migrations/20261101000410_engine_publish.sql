-- Publishing: a version freezes a definition with its plan and the user it runs as.

-- Application roles go through row-level security; whoever else writes here is the engine or its owner.
create function workflow.is_client() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return (
    select current_user in ('anon', 'authenticated', 'service_role'));
end $$;

create function workflow.before_workflow_insert() returns trigger
language plpgsql set search_path = '' as $$
begin
  if workflow.is_client() then
    new.status := 'draft';
    new.active_version := null;
    new.created_by := coalesce((select auth.uid()), new.created_by);
  end if;
  return new;
end $$;
create trigger before_insert before insert on public.workflows
  for each row execute function workflow.before_workflow_insert();

-- Admission reads the settings of a workflow: what it cannot read is refused here.
create function workflow.check_settings() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_problem text := workflow.settings_problem(new.settings);
begin
  if v_problem is not null then
    perform workflow.refuse('invalid_settings', format('The settings of workflow %L cannot be used: %s.', new.name, v_problem),
      'See docs/limits.md for what settings there are.');
  end if;
  return new;
end $$;
create trigger check_settings before insert or update of settings on public.workflows
  for each row execute function workflow.check_settings();

-- The compiler has checked the definition; this holds the plan to what the state machine relies on,
-- so that a hand-made plan cannot strand an execution.
create function workflow.check_plan(p_plan jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  v_bad text;
begin
  if p_plan ->> 'format' is distinct from '1' or jsonb_typeof(p_plan -> 'steps') is distinct from 'object' then
    perform workflow.refuse('plan_format', 'The plan is not of format 1.',
      'Publish with the client library of this version, or upgrade the database.');
  end if;
  if p_plan ->> 'first' is null or not (p_plan -> 'steps') ? (p_plan ->> 'first') then
    perform workflow.refuse('plan_empty', 'The plan has no first step.', 'Give the workflow at least one step.');
  end if;
  select s.key into v_bad
    from jsonb_each(p_plan -> 'steps') s,
    lateral (
      select s.value ->> 'next' as target union all select s.value ->> 'catch'
      union all select s.value ->> 'handler' union all select s.value ->> 'parent'
      union all select jsonb_array_elements_text(s.value -> 'closes')
      union all select jsonb_array_elements_text(s.value -> 'fails')
      union all select r ->> 'path' from jsonb_array_elements(s.value -> 'reads') r
      union all select s.value #>> '{error_of,path}'
      union all select b.value from jsonb_each_text(s.value -> 'branches') b
      union all select p_plan ->> 'on_failure') t
    where t.target is not null and not (p_plan -> 'steps') ? t.target
    limit 1;
  if v_bad is not null then
    perform workflow.refuse('plan_dangling', format('Step %L of the plan leads to a step that does not exist.', v_bad));
  end if;
end $$;

create function workflow.before_version_insert() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform workflow.check_plan(new.plan);
  -- Serialises publishing, and a start that reads the active version sees one or the other.
  perform from public.workflows where id = new.workflow_id for no key update;
  select coalesce(max(version), 0) + 1 into new.version
    from public.workflow_versions where workflow_id = new.workflow_id;
  new.published_at := now();
  -- Whoever publishes is whom it runs as. Only the service role, which has no user, may name one.
  if (select auth.uid()) is not null then
    new.run_as := (select auth.uid());
  end if;
  new.published_by := (select auth.uid());
  return new;
end $$;
-- Versions below zero are drafts in the transaction of a test run: nothing of the workflow changes with them.
create trigger before_insert before insert on public.workflow_versions
  for each row when (new.version is null or new.version >= 0 or workflow.is_client())
  execute function workflow.before_version_insert();

create function workflow.store_plan(p_workflow uuid, p_version int, p_plan jsonb, p_inputs jsonb) returns void
language sql set search_path = '' as $$
  insert into workflow.plans (workflow_id, version, first, on_failure, inputs)
    values (p_workflow, p_version, p_plan ->> 'first', p_plan ->> 'on_failure', nullif(p_inputs, 'null'));
  insert into workflow.plan_steps
    select p_workflow, p_version, s.path, s.step_id, s.type, s.kind, s.section, s.depth, s.parent, s.next,
      s.closes, s.branches, s.on_error, s.catch, s.fails, s.handler,
      array(select r ->> 'path' from jsonb_array_elements(s.reads) with ordinality o(r, n) order by n),
      array(select (r ->> 'depth')::int from jsonb_array_elements(s.reads) with ordinality o(r, n) order by n),
      s.error_of ->> 'path', (s.error_of ->> 'depth')::int,
      -- The worker checks before the first step that the record which started the execution is visible.
      case when s.path = p_plan ->> 'first' then array_append(s.roots, 'trigger') else s.roots end,
      make_interval(secs => s.timeout_ms / 1000.0), make_interval(secs => s.timer_ms / 1000.0), nullif(s.retry, 'null')
    from jsonb_each(p_plan -> 'steps') e,
    lateral jsonb_to_record(e.value) s(path text, step_id text, type text, kind text, section text, depth int,
      parent text, next text, closes text[], branches jsonb, on_error text, catch text, fails text[],
      handler text, reads jsonb, error_of jsonb, roots text[], timeout_ms numeric, timer_ms numeric, retry jsonb);
$$;

create function workflow.after_version_insert() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform workflow.store_plan(new.workflow_id, new.version, new.plan, new.definition -> 'inputs');
  update public.workflows
    set active_version = new.version,
        name = coalesce(new.definition ->> 'name', name),
        draft = nullif(draft, new.definition),
        status = case when status = 'draft' then 'active' else status end
    where id = new.workflow_id;
  return null;
end $$;
create trigger after_insert after insert on public.workflow_versions
  for each row when (new.version > 0) execute function workflow.after_version_insert();

-- Where two JSON values differ, as paths; at most twenty.
create function workflow.differing_paths(p_left jsonb, p_right jsonb, p_path text default '') returns setof text
language plpgsql immutable set search_path = '' as $$
begin
  if p_left is not distinct from p_right then
    return;
  elsif jsonb_typeof(p_left) = 'object' and jsonb_typeof(p_right) = 'object' then
    return query select d from jsonb_object_keys(p_left || p_right) k,
      workflow.differing_paths(p_left -> k, p_right -> k, ltrim(p_path || '.' || k, '.')) d limit 20;
  elsif jsonb_typeof(p_left) = 'array' and jsonb_typeof(p_right) = 'array' then
    return query select d
      from generate_series(0, greatest(jsonb_array_length(p_left), jsonb_array_length(p_right)) - 1) i,
      workflow.differing_paths(p_left -> i, p_right -> i, format('%s[%s]', p_path, i)) d limit 20;
  else
    return next p_path;
  end if;
end $$;

-- A draft is saved over the revision it was made from. Somebody else's save in between is not lost:
-- the stale one is refused and told what differs. Rolling back is setting active_version to an earlier one.
create function workflow.before_workflow_update() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.draft is distinct from old.draft then
    if new.draft_revision <> old.draft_revision then
      perform workflow.refuse('stale_draft',
        format('The draft has been saved as revision %s since revision %s was read.', old.draft_revision, new.draft_revision),
        'Read it again and merge. It differs at: ' || coalesce(
          (select string_agg(d, ', ') from workflow.differing_paths(old.draft, new.draft) d), 'nothing'));
    end if;
    new.draft_revision := old.draft_revision + 1;
  end if;
  if new.active_version is distinct from old.active_version and not exists (
      select from public.workflow_versions v where v.workflow_id = new.id and v.version = new.active_version) then
    perform workflow.refuse('unknown_version', format('Workflow %L has no version %s.', old.name, new.active_version),
      'Choose one of workflow_versions.');
  end if;
  return new;
end $$;
create trigger before_update before update of draft, draft_revision, active_version on public.workflows
  for each row execute function workflow.before_workflow_update();

-- Keeps event_triggers equal to the triggers of the active versions of active and paused workflows.
create function workflow.refresh_event_trigger() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_trigger jsonb;
  v_variables jsonb;
  v_relation regclass;
begin
  delete from workflow.event_triggers where workflow_id = new.id;
  if new.status not in ('active', 'paused') then
    return null;
  end if;
  select definition -> 'trigger', coalesce(definition -> 'variables', '{}') into v_trigger, v_variables
    from public.workflow_versions where workflow_id = new.id and version = new.active_version;
  if v_trigger ->> 'type' is distinct from 'event' then
    return null;
  end if;
  v_relation := workflow.watched_relation(v_trigger ->> 'table');
  insert into workflow.event_triggers values (new.id, v_relation, new.organization_id,
    array(select jsonb_array_elements_text(v_trigger -> 'events')),
    case when v_trigger ? 'columns' then array(select jsonb_array_elements_text(v_trigger -> 'columns')) end,
    v_trigger -> 'filter', v_variables, coalesce((v_trigger ->> 'allowSelf')::boolean, false),
    new.status = 'paused' and new.settings @> '{"whenPaused": "drop"}');
  return null;
end $$;
create trigger refresh_event_trigger after update of status, active_version, settings on public.workflows
  for each row when ((old.status, old.active_version, old.settings -> 'whenPaused')
    is distinct from (new.status, new.active_version, new.settings -> 'whenPaused'))
  execute function workflow.refresh_event_trigger();

create function workflow.watched_relation(p_table text) returns regclass
language plpgsql stable set search_path = '' as $$
declare
  v_relation regclass := to_regclass(case when position('.' in p_table) > 0 then p_table else 'public.' || p_table end);
begin
  if v_relation is null then
    perform workflow.refuse('unknown_table', format('There is no table %L to watch.', p_table),
      'Check the spelling; name the schema when it is not public.');
  elsif not exists (select from workflow.watched_tables where relation = v_relation) then
    perform workflow.refuse('table_not_watched', format('Table %s is not watched.', v_relation),
      format('Run this once, in a migration: select workflow.watch_table(%L);', v_relation::text));
  end if;
  return v_relation;
end $$;
