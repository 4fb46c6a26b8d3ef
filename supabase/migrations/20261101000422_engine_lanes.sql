-- Lanes: the limits of a workflow, in workflows.settings.
--
--   { "key": "input.customer",                    what its limits are counted by; without it they share one lane
--     "maxConcurrent": 20,                        executions of the workflow at the same time
--     "maxConcurrentPerKey": 1,                   the same for one key
--     "rateLimit": { "limit": 100, "per": "1m", "by": "key" | "workflow" },
--     "debounce": { "for": "30s", "atMost": "10m" } }
--
-- An execution of such a workflow waits in the lane of its key. Its insert, the end of another one and the
-- passing of time leave a signal that the lane is to be looked at; whoever looks takes the signal, lets
-- begin what may, and leaves a signal for when to look again. Looking is done by one session at a time and
-- never in a user's transaction, which might stay open: so counts are exact, and nobody waits.

create function workflow.has_limits(p_settings jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_settings ?| array['maxConcurrent', 'maxConcurrentPerKey', 'rateLimit', 'debounce'];
end $$;

-- The lane in which an execution waits; null where there is nothing to wait for but capacity. Also a paused
-- workflow's wait in lanes: a backlog is read from its front, and would be read past them every time.
create function workflow.lane_of(p_status text, p_settings jsonb, p_input jsonb, p_trigger jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_key text;
begin
  if not workflow.has_limits(p_settings) then
    return case when p_status <> 'active' then '' end;
  end if;
  v_key := coalesce(jsonb_build_object('input', p_input, 'trigger', p_trigger, 'record', p_trigger -> 'record',
    'old_record', p_trigger -> 'old_record') #>> string_to_array(p_settings ->> 'key', '.'), '');
  return case when length(v_key) > 200 then md5(v_key) else v_key end;
end $$;

-- What is wrong with the settings of a workflow; null: nothing.
create function workflow.settings_problem(p_settings jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_count text := '^[1-9][0-9]{0,5}$';
  v_rate jsonb := coalesce(p_settings -> 'rateLimit', '{"limit": 1, "per": "1s"}');
  v_debounce jsonb := coalesce(p_settings -> 'debounce', '{"for": "1s"}');
begin
  return case
    when jsonb_typeof(p_settings) <> 'object' then 'they are an object'
    when coalesce(p_settings -> 'key', '"input.x"')::text !~ '^"(input|trigger|record|old_record)(\.[A-Za-z_][A-Za-z0-9_]*)+"$'
      then 'key is a path such as input.customer or record.id'
    when coalesce(p_settings -> 'maxConcurrent', '1')::text !~ v_count then 'maxConcurrent is a whole number above 0'
    when coalesce(p_settings -> 'maxConcurrentPerKey', '1')::text !~ v_count then 'maxConcurrentPerKey is a whole number above 0'
    when p_settings ? 'maxConcurrentPerKey' and not p_settings ? 'key' then 'maxConcurrentPerKey needs a key'
    when coalesce((v_rate -> 'limit')::text, '') !~ v_count or not workflow.is_span(v_rate -> 'per')
      or coalesce(v_rate -> 'by', '"key"') not in ('"key"', '"workflow"')
      then 'rateLimit is like {"limit": 100, "per": "1m"}, with "by" key or workflow'
    when not workflow.is_span(v_debounce -> 'for') or not workflow.is_span(coalesce(v_debounce -> 'atMost', '"1h"'))
      then 'debounce is like {"for": "30s", "atMost": "10m"}'
    when coalesce(p_settings -> 'whenPaused', '"queue"') not in ('"queue"', '"drop"') then 'whenPaused is "queue" or "drop"'
    end;
end $$;

-- Whether this is a duration above zero.
create function workflow.is_span(p_duration jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(jsonb_typeof(p_duration) = 'string' and workflow.after_span('epoch', p_duration) > 'epoch', false);
end $$;

create function workflow.after_span(p_moment timestamptz, p_duration jsonb) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return workflow.rule_moment(jsonb_build_object('now', p_duration), p_moment);
end $$;

-- Newly queued executions: each lane is signalled, at once or when its debounce is over. The moment of a
-- debounce moves with each arrival, `atMost` after the burst began at the latest. Returns whether one is due.
create function workflow.signal_queued(p_executions uuid[]) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := workflow.now();
  v_is_due boolean;
begin
  with signalled as (
    insert into workflow.lane_signals (workflow_id, lane, due_at, since)
      select q.workflow_id, q.lane, case when b.since is null then v_now else least(
          workflow.after_span(v_now, w.settings #> '{debounce,for}'),
          workflow.after_span(b.since, w.settings #> '{debounce,atMost}')) end, b.since
      from (select distinct workflow_id, lane from public.workflow_executions
            where id = any (p_executions) and status = 'queued' and lane is not null) q
      join public.workflows w on w.id = q.workflow_id and w.status = 'active',
      lateral (select case when w.settings ? 'debounce' then coalesce((
          select min(s.since) from workflow.lane_signals s where s.workflow_id = q.workflow_id and s.lane = q.lane), v_now) end) b(since)
      returning due_at
  )
  select bool_or(due_at <= v_now) into v_is_due from signalled;
  return coalesce(v_is_due, false);
end $$;

-- Executions that have ended make room in their lane, and for the lanes that wait for their workflow.
create function workflow.signal_ended(p_executions uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  insert into workflow.lane_signals (workflow_id, lane, due_at)
    select e.workflow_id, l.lane, workflow.now()
    from public.workflow_executions e
    join public.workflows w on w.id = e.workflow_id,
    lateral (select e.lane where e.lane is not null union all select null where w.settings ? 'maxConcurrent') l
    where e.id = any (p_executions)
    group by e.workflow_id, l.lane;
end $$;

-- Every lane of a workflow: it has been resumed, or its limits are others now.
create function workflow.signal_workflow(p_workflow uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into workflow.lane_signals (workflow_id, lane, due_at)
    select distinct p_workflow, lane, workflow.now() from public.workflow_executions
      where workflow_id = p_workflow and status = 'queued' and lane is not null;
end $$;

-- Lets begin what the limits allow, in lanes that are due: `p_limit` of them at most. Returns how many
-- executions began.
create function workflow.admit_lanes(p_limit int default 100) returns int
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := workflow.now();
  v_lane record;
  v_admitted int := 0;
begin
  if not exists (select from workflow.lane_signals where due_at <= v_now) or workflow.is_testing()
    or not pg_try_advisory_xact_lock(hashtext('workflow.admit_lanes')) then
    return 0;
  end if;
  for v_lane in
    with due as (
      select workflow_id, lane, min(place) as place from (
        select workflow_id, lane, row_number() over (order by due_at, id) as place
          from workflow.lane_signals where due_at <= v_now order by due_at, id limit p_limit) first
        group by workflow_id, lane
    ), taken as (
      delete from workflow.lane_signals s using due d
        where s.workflow_id = d.workflow_id and s.lane is not distinct from d.lane and s.due_at <= v_now
    )
    select workflow_id, lane from due order by place
  loop
    if v_lane.lane is null then
      perform workflow.signal_held(v_lane.workflow_id, v_now);
    else
      v_admitted := v_admitted + workflow.admit_lane(v_lane.workflow_id, v_lane.lane, v_now);
    end if;
  end loop;
  return v_admitted;
end $$;

-- The lanes that have waited longest for their workflow are due, as many as it now has room for.
create function workflow.signal_held(p_workflow uuid, p_now timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update workflow.lane_signals set due_at = p_now where id in (
    select id from workflow.lane_signals where workflow_id = p_workflow and due_at = 'infinity' order by id
      limit coalesce((select greatest(r.room, 0) from workflow.workflow_room(p_workflow, p_now) r), 1000));
end $$;

-- How many more executions of a workflow may begin now (null: any number) and, where time makes room, when.
create function workflow.workflow_room(p_workflow uuid, p_now timestamptz, out room int, out opens_at timestamptz)
language plpgsql volatile set search_path = '' as $$
declare
  v_settings jsonb := (select settings from public.workflows where id = p_workflow);
  v_rate record;
begin
  room := (v_settings ->> 'maxConcurrent')::int
    - (select count(*)::int from workflow.strands s where s.workflow_id = p_workflow and s.id = s.execution_id);
  if v_settings #>> '{rateLimit,by}' = 'workflow' then
    v_rate := workflow.rate_room(p_workflow, '*', v_settings, p_now);
    room := least(room, v_rate.room);
    opens_at := v_rate.opens_at;
  end if;
end $$;

-- The same for one lane.
create function workflow.lane_room(p_workflow uuid, p_lane text, p_settings jsonb, p_now timestamptz,
  out room int, out opens_at timestamptz)
language plpgsql volatile set search_path = '' as $$
declare
  v_rate record;
begin
  room := (p_settings ->> 'maxConcurrentPerKey')::int - (
    select count(*)::int from workflow.strands s
      where s.workflow_id = p_workflow and s.lane = p_lane and s.id = s.execution_id);
  if p_settings ? 'rateLimit' and p_settings #>> '{rateLimit,by}' is distinct from 'workflow' then
    v_rate := workflow.rate_room(p_workflow, p_lane, p_settings, p_now);
    room := least(room, v_rate.room);
    opens_at := v_rate.opens_at;
  end if;
end $$;

-- What a rate limit leaves: never more than `limit` starts within any span of `per`.
create function workflow.rate_room(p_workflow uuid, p_lane text, p_settings jsonb, p_now timestamptz,
  out room int, out opens_at timestamptz)
language plpgsql volatile set search_path = '' as $$
declare
  v_rate jsonb := p_settings -> 'rateLimit';
begin
  delete from workflow.rate_log l
    where l.workflow_id = p_workflow and l.lane = p_lane and workflow.after_span(l.started_at, v_rate -> 'per') <= p_now;
  select (v_rate -> 'limit')::int - count(*)::int,
      workflow.after_span(min(l.started_at), v_rate -> 'per')
    into room, opens_at
    from workflow.rate_log l where l.workflow_id = p_workflow and l.lane = p_lane;
end $$;

-- Lets begin what may in one lane, and sees to it that it is looked at again when more may.
create function workflow.admit_lane(p_workflow uuid, p_lane text, p_now timestamptz) returns int
language plpgsql set search_path = '' as $$
declare
  v_workflow public.workflows;
  v_capacity int;
  v_whole record;
  v_lane record;
  v_ids uuid[];
begin
  select * into v_workflow from public.workflows where id = p_workflow;
  if v_workflow.status <> 'active' or (v_workflow.settings ? 'debounce' and workflow.is_bouncing(p_workflow, p_lane, p_now)) then
    return 0;
  end if;
  v_capacity := workflow.free_capacity(v_workflow.organization_id);
  v_whole := workflow.workflow_room(p_workflow, p_now);
  v_lane := workflow.lane_room(p_workflow, p_lane, v_workflow.settings, p_now);
  v_ids := array(
    select id from public.workflow_executions
      where workflow_id = p_workflow and lane = p_lane and status = 'queued' order by priority desc, id
      limit greatest(0, least(v_capacity, v_whole.room, v_lane.room)) for no key update skip locked);
  if cardinality(v_ids) > 0 then
    perform workflow.launch(v_ids);
    perform workflow.log_starts(p_workflow, p_lane, v_workflow.settings, cardinality(v_ids), p_now);
  end if;
  if exists (select from public.workflow_executions where workflow_id = p_workflow and lane = p_lane and status = 'queued') then
    perform workflow.signal_again(p_workflow, p_lane, v_workflow.settings, p_now);
  end if;
  return cardinality(v_ids);
end $$;

create function workflow.log_starts(p_workflow uuid, p_lane text, p_settings jsonb, p_count int, p_now timestamptz)
returns void
language plpgsql set search_path = '' as $$
begin
  if p_settings ? 'rateLimit' then
    insert into workflow.rate_log
      select p_workflow, case p_settings #>> '{rateLimit,by}' when 'workflow' then '*' else p_lane end, p_now
      from generate_series(1, p_count);
  end if;
end $$;

-- More waits in a lane than could begin: when will it be worth a look? What waits for its own key is
-- signalled by an end; what waits for the workflow is held; all else depends on time, or on capacity.
create function workflow.signal_again(p_workflow uuid, p_lane text, p_settings jsonb, p_now timestamptz) returns void
language plpgsql set search_path = '' as $$
declare
  v_whole record := workflow.workflow_room(p_workflow, p_now);
  v_lane record := workflow.lane_room(p_workflow, p_lane, p_settings, p_now);
begin
  if v_lane.room <= 0 and v_lane.opens_at is null then
    return;
  elsif v_lane.room <= 0 then
    insert into workflow.lane_signals (workflow_id, lane, due_at) values (p_workflow, p_lane, v_lane.opens_at);
  elsif v_whole.room <= 0 then
    insert into workflow.lane_signals (workflow_id, lane, due_at) values (p_workflow, p_lane, 'infinity');
    if v_whole.opens_at is not null and not exists (
        select from workflow.lane_signals where workflow_id = p_workflow and lane is null and due_at = v_whole.opens_at) then
      insert into workflow.lane_signals (workflow_id, due_at) values (p_workflow, v_whole.opens_at);
    end if;
  else
    insert into workflow.lane_signals (workflow_id, lane, due_at) values (p_workflow, p_lane, p_now);
  end if;
end $$;

-- Whether a lane's debounce still waits. When it is over, the newest execution of the burst remains, and the
-- others are cancelled with the code `debounced`.
create function workflow.is_bouncing(p_workflow uuid, p_lane text, p_now timestamptz) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_newest uuid;
  v_older uuid[];
begin
  if exists (select from workflow.lane_signals
      where workflow_id = p_workflow and lane = p_lane and due_at > p_now and since is not null) then
    return true;
  end if;
  select id into v_newest from public.workflow_executions
    where workflow_id = p_workflow and lane = p_lane and status = 'queued' order by id desc limit 1;
  v_older := array(
    select id from public.workflow_executions
      where workflow_id = p_workflow and lane = p_lane and status = 'queued' and id <> v_newest
      order by id for no key update skip locked);
  update public.workflow_executions
    set status = 'cancelled', finished_at = clock_timestamp(), revision = revision + 1,
        error = jsonb_build_object('code', 'debounced', 'message', 'A later start with the same key took its place.',
          'hint', 'See execution ' || v_newest || '.')
    where id = any (v_older);
  perform workflow.broadcast(v_older, '{}', true);
  return false;
end $$;

-- Keeps lanes to the status and the limits of their workflow: what is in the backlog moves to a lane where
-- it now has something to wait for, and lanes are looked at when it may go on.
create function workflow.follow_limits() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.workflow_executions
    set lane = workflow.lane_of(new.status, new.settings, input, trigger)
    where organization_id = new.organization_id and workflow_id = new.id and status = 'queued' and lane is null
      and (new.status <> 'active' or workflow.has_limits(new.settings));
  if new.status = 'active' then
    perform workflow.signal_workflow(new.id);
    perform workflow.wake_for_lanes();
  end if;
  return null;
end $$;
create trigger follow_limits after update of status, settings on public.workflows
  for each row when (old.status is distinct from new.status or old.settings is distinct from new.settings)
  execute function workflow.follow_limits();

-- A user's transaction leaves lanes to the engine, and wakes it.
create function workflow.wake_for_lanes() returns void
language plpgsql set search_path = '' as $$
begin
  if exists (select from workflow.lane_signals where due_at <= workflow.now()) then
    perform workflow.wake();
  end if;
end $$;
