-- Starting what schedules have due. Called by the sweep.

create function workflow.is_open(p_execution uuid) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return exists (
    select from public.workflow_executions where id = p_execution and status in ('queued', 'running', 'waiting'));
end $$;

-- What a schedule starts now, and what it keeps for later, of the runs it has to do.
create function workflow.apply_overlap(p_policy text, p_busy boolean, p_runs timestamptz[], p_limit int,
  out starts timestamptz[], out queued timestamptz[])
language plpgsql immutable set search_path = '' as $$
begin
  starts := case when p_policy = 'allow' then p_runs
    when p_busy then '{}'
    when p_policy = 'skip' then p_runs[cardinality(p_runs):]
    else p_runs[:1] end;
  queued := case when p_policy = 'queue' then p_runs[cardinality(starts) + 1:cardinality(starts) + p_limit] else '{}' end;
end $$;

-- Starts the due runs of schedules as one set.
create function workflow.fire_set(p_schedules uuid[], p_now timestamptz) returns int
language plpgsql set search_path = '' as $$
declare
  v_started int;
begin
  with due as materialized (
    select s.id, s.workflow_id, s.name, s.input, s.created_by, o.starts, o.queued,
      case when s.next_run_at > p_now then s.next_run_at else workflow.run_after(s, p_now) end as next
    from public.scheduled_workflows s,
    lateral workflow.apply_overlap(s.overlap_policy, s.overlap_policy <> 'allow' and workflow.is_open(s.last_execution_id),
      s.queued_runs || case when s.next_run_at <= p_now then workflow.due_runs(s, p_now) else '{}' end, s.missed_limit) o
    where s.id = any (p_schedules)
  ), started as (
    insert into public.workflow_executions (workflow_id, input, idempotency_key, created_by, trigger)
      select d.workflow_id, d.input, format('schedule:%s:%s', d.id, extract(epoch from run)), d.created_by,
        jsonb_build_object('type', 'schedule', 'schedule_id', d.id, 'name', d.name, 'scheduled_at', run)
      from due d, unnest(d.starts) run order by run
      on conflict (workflow_id, idempotency_key) do nothing
      returning id, (trigger ->> 'schedule_id')::uuid as schedule_id
  ), last_started as (
    select schedule_id, (array_agg(id order by id desc))[1] as execution_id, count(*) as count from started group by schedule_id
  ), kept as (
    update public.scheduled_workflows s
      set next_run_at = d.next, queued_runs = d.queued, last_error = null, failures = 0,
          last_run_at = case when l.count > 0 then p_now else s.last_run_at end,
          last_execution_id = coalesce(l.execution_id, s.last_execution_id)
      from due d left join last_started l on l.schedule_id = d.id
      where s.id = d.id
  )
  select coalesce(sum(count), 0) into v_started from last_started;
  return v_started;
end $$;

-- A due time that started nothing: the next one is tried again, unless there is none to be found.
create function workflow.record_schedule_failure(p_schedule uuid, p_now timestamptz, p_error jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_next timestamptz;
begin
  begin
    select workflow.run_after(s, p_now) into v_next from public.scheduled_workflows s where id = p_schedule;
  exception when others then
    v_next := null;
  end;
  update public.scheduled_workflows
    set next_run_at = v_next, queued_runs = '{}', failures = failures + 1,
        last_error = p_error || jsonb_build_object('at', p_now)
    where id = p_schedule;
end $$;

-- The same one by one, when the set has failed: one bad schedule stops no other. What fails for a lock or a
-- lack of something is left due, for the next sweep.
create function workflow.fire_carefully(p_schedules uuid[], p_now timestamptz) returns int
language plpgsql set search_path = '' as $$
declare
  v_schedule uuid;
  v_started int := 0;
  v_code text;
  v_hint text;
begin
  foreach v_schedule in array p_schedules loop
    begin
      v_started := v_started + workflow.fire_set(array[v_schedule], p_now);
    exception when others then
      if left(sqlstate, 2) not in ('40', '53', '55', '57') then
        get stacked diagnostics v_code = pg_exception_detail, v_hint = pg_exception_hint;
        perform workflow.record_schedule_failure(v_schedule, p_now,
          jsonb_build_object('code', 'schedule_failed', 'message', sqlerrm, 'hint', nullif(v_hint, ''))
            || case when v_code ~ '^[a-z_]+$' then jsonb_build_object('code', v_code) else '{}' end);
      end if;
    end;
  end loop;
  return v_started;
end $$;

-- Schedules of workflows that cannot be started say so, and are not tried. Returns the others.
create function workflow.leave_out_unstartable(p_schedules uuid[], p_now timestamptz) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_unstartable uuid[];
begin
  select array_agg(s.id) into v_unstartable
    from (
      select s.id, w.name, w.status from public.scheduled_workflows s join public.workflows w on w.id = s.workflow_id
      where s.id = any (p_schedules) and w.status not in ('active', 'paused')) s,
    lateral workflow.record_schedule_failure(s.id, p_now, jsonb_build_object('code', 'workflow_not_active',
      'message', format('Workflow %L is %s.', s.name, s.status), 'hint', 'Publish a version of it, or delete the schedule.'));
  return array(select id from unnest(p_schedules) id where id <> all (coalesce(v_unstartable, '{}')));
end $$;

-- Starts what is due, `p_limit` schedules at most; then those whose last run has ended and which have more to do.
-- Returns how many executions it has started.
create function workflow.fire_schedules(p_limit int) returns int
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := workflow.now();
  v_schedules uuid[];
begin
  v_schedules := array(
    select id from public.scheduled_workflows where next_run_at <= v_now
      order by next_run_at limit p_limit for update skip locked);
  v_schedules := v_schedules || array(
    select id from public.scheduled_workflows
      where queued_runs <> '{}' and suspended_at is null and enabled and id <> all (v_schedules)
        and not workflow.is_open(last_execution_id)
      order by id limit p_limit for update skip locked);
  if v_schedules = '{}' then
    return 0;
  end if;
  v_schedules := workflow.leave_out_unstartable(v_schedules, v_now);
  begin
    return workflow.fire_set(v_schedules, v_now);
  exception when others then
    return workflow.fire_carefully(v_schedules, v_now);
  end;
end $$;

-- The next runs of a cron expression, for applications: supabase.rpc('workflow_next_runs', { cron, timezone }).
create function public.workflow_next_runs(cron text, timezone text default 'UTC', after timestamptz default null,
  count int default 10) returns setof timestamptz
language sql stable set search_path = '' as $$
  select workflow.next_runs(cron, timezone, after, count)
$$;
revoke execute on function public.workflow_next_runs(text, text, timestamptz, int) from public, anon, authenticated;
grant execute on function public.workflow_next_runs(text, text, timestamptz, int) to authenticated, service_role;
