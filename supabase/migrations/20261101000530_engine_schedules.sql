-- Schedules: rows of scheduled_workflows start their workflow by the clock. The sweep asks one index for what is due,
-- however many schedules there are, and starts a batch as one set.
--
--   cron, timezone   by a cron expression (…520_engine_cron.sql)
--   at               once
--   every            again and again, this far apart, counted from when the schedule was made or changed
--
-- A run has an idempotency key made of schedule and due time: no due time starts two executions.

create table public.scheduled_workflows (
  id uuid primary key default workflow.new_id(),
  workflow_id uuid not null references public.workflows on delete cascade,
  organization_id uuid not null,
  name text check (name <> ''),
  cron text,
  timezone text not null default 'UTC',
  at timestamptz,
  every interval,
  input jsonb not null default '{}',
  -- What becomes of runs that were missed: none, one for all, or the latest `missed_limit` of them.
  missed_policy text not null default 'once' check (missed_policy in ('skip', 'once', 'all')),
  missed_limit int not null default 10 check (missed_limit between 1 and 1000),
  -- What happens to a run while the last one is still open: started, left out, or started after it.
  overlap_policy text not null default 'allow' check (overlap_policy in ('allow', 'skip', 'queue')),
  enabled boolean not null default true,
  -- Made by the trigger of the active version; publishing keeps it up to date.
  from_definition boolean not null default false,
  -- Since when its workflow is paused, or archived under a schedule of its definition.
  suspended_at timestamptz,
  next_run_at timestamptz,
  -- Runs that wait for the last one to end, oldest first.
  queued_runs timestamptz[] not null default '{}',
  last_run_at timestamptz,
  last_execution_id uuid,
  -- Why the last due time started nothing, and for how many in a row.
  last_error jsonb,
  failures int not null default 0,
  created_by uuid default auth.uid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_timing check (num_nonnulls(cron, at, every) = 1)
);
create index scheduled_workflows_due on public.scheduled_workflows (next_run_at);
create index scheduled_workflows_queued on public.scheduled_workflows (id) where queued_runs <> '{}';
create index scheduled_workflows_workflow on public.scheduled_workflows (workflow_id);
create index scheduled_workflows_organization on public.scheduled_workflows (organization_id, id);
create unique index scheduled_workflows_definition on public.scheduled_workflows (workflow_id) where from_definition;
-- Not when a run moves it on.
create trigger touch before update of name, cron, timezone, at, every, input, missed_policy, missed_limit, overlap_policy,
  enabled on public.scheduled_workflows for each row execute function workflow.touch();

alter table public.scheduled_workflows enable row level security;
revoke all on public.scheduled_workflows from anon, authenticated, service_role;
grant select, insert, delete on public.scheduled_workflows to authenticated;
grant update (name, cron, timezone, at, every, input, missed_policy, missed_limit, overlap_policy, enabled)
  on public.scheduled_workflows to authenticated;
grant all on public.scheduled_workflows to service_role;

-- A schedule is visible with its workflow, and changed by whoever may start it.
create policy members_see on public.scheduled_workflows for select to authenticated
  using (workflow_id in (select id from public.workflows));
create policy editors_create on public.scheduled_workflows for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_change on public.scheduled_workflows for update to authenticated
  using (organization_id in (select workflow.member_organizations('editor')))
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_delete on public.scheduled_workflows for delete to authenticated
  using (organization_id in (select workflow.member_organizations('editor')));

-- The first runs of a schedule after one moment and up to another. `every` counts on from `next_run_at`, where there is one.
create function workflow.runs_between(p_schedule public.scheduled_workflows, p_after timestamptz, p_until timestamptz,
  p_limit int) returns timestamptz[]
language plpgsql stable set search_path = '' as $$
declare
  v_runs timestamptz[] := '{}';
  v_run timestamptz := p_after;
  v_fields workflow.cron_fields;
  v_seconds numeric := extract(epoch from p_schedule.every);
begin
  if p_schedule.at is not null then
    return case when p_schedule.at > p_after and p_schedule.at <= p_until then array[p_schedule.at] else v_runs end;
  elsif p_schedule.cron is not null then
    v_fields := workflow.parse_cron(p_schedule.cron);
  else
    v_run := p_after - make_interval(secs => coalesce(
      mod(extract(epoch from p_after - p_schedule.next_run_at) + v_seconds, v_seconds), 0)::float8);
  end if;
  while cardinality(v_runs) < p_limit loop
    v_run := case when v_seconds is null then workflow.next_run(v_fields, p_schedule.timezone, v_run)
      else v_run + p_schedule.every end;
    exit when v_run is null or v_run > p_until;
    v_runs := v_runs || v_run;
  end loop;
  return v_runs;
end $$;

-- The last ones of that time. Looks back in growing steps, so that a year of minutes is not counted through.
create function workflow.last_runs_between(p_schedule public.scheduled_workflows, p_after timestamptz,
  p_until timestamptz, p_limit int) returns timestamptz[]
language plpgsql stable set search_path = '' as $$
declare
  v_back interval := make_interval(mins => p_limit);
  v_from timestamptz;
  v_runs timestamptz[];
begin
  loop
    v_from := greatest(p_after, p_until - v_back);
    v_runs := workflow.runs_between(p_schedule, v_from, p_until, 1000000);
    exit when cardinality(v_runs) >= p_limit or v_from = p_after;
    v_back := v_back * 2;
  end loop;
  return v_runs[cardinality(v_runs) - p_limit + 1:];
end $$;

create function workflow.run_after(p_schedule public.scheduled_workflows, p_after timestamptz) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return (workflow.runs_between(p_schedule, p_after, 'infinity', 1))[1];
end $$;

-- Which of a schedule's due times to run. What was due just now is run; what is older was missed.
create function workflow.due_runs(p_schedule public.scheduled_workflows, p_now timestamptz) returns timestamptz[]
language plpgsql stable set search_path = '' as $$
declare
  v_edge timestamptz := p_now - (select missed_after from workflow.settings);
  v_before timestamptz := p_schedule.next_run_at - interval '1 microsecond';
  v_punctual timestamptz[] := workflow.runs_between(p_schedule, greatest(v_before, v_edge), p_now, 1000000);
begin
  if v_before >= v_edge or p_schedule.missed_policy = 'skip'
    or (p_schedule.missed_policy = 'once' and v_punctual <> '{}') then
    return v_punctual;
  end if;
  return workflow.last_runs_between(p_schedule, v_before, v_edge,
    case p_schedule.missed_policy when 'all' then p_schedule.missed_limit else 1 end) || v_punctual;
end $$;

-- Checks when a schedule runs, and says when first. To disable one is meant: nothing of that time is made up for.
create function workflow.time_schedule(p_schedule public.scheduled_workflows) returns public.scheduled_workflows
language plpgsql security definer set search_path = '' as $$
begin
  if num_nonnulls(p_schedule.cron, p_schedule.at, p_schedule.every) <> 1 then
    perform workflow.refuse('invalid_schedule', 'A schedule has exactly one of cron, at and every.', 'Leave the others out, or null.');
  elsif p_schedule.every < interval '10 seconds' or extract(month from p_schedule.every) <> 0
    or extract(year from p_schedule.every) <> 0 then
    perform workflow.refuse('invalid_duration', format('A schedule cannot run every %s.', p_schedule.every),
      'Write 10 seconds or more; for months and years use cron.');
  end if;
  perform workflow.check_timezone(p_schedule.timezone), workflow.parse_cron(p_schedule.cron);
  p_schedule.every := make_interval(secs => extract(epoch from p_schedule.every)::float8);
  p_schedule.queued_runs := '{}';
  p_schedule.next_run_at := null;
  if p_schedule.enabled and p_schedule.suspended_at is null then
    p_schedule.next_run_at := workflow.run_after(p_schedule, workflow.now());
  end if;
  return p_schedule;
end $$;

-- The engine's clock, for those who may not read the settings.
create function workflow.clock() returns timestamptz
language sql stable security definer set search_path = '' as $$ select workflow.now() $$;

create function workflow.before_schedule_insert() returns trigger
language plpgsql set search_path = '' as $$
declare
  v_workflow public.workflows;
begin
  select * into v_workflow from public.workflows where id = new.workflow_id;
  if not found then
    perform workflow.refuse('workflow_not_found', format('There is no workflow %s here.', new.workflow_id),
      'Check the id, and that you are a member of its organisation.');
  elsif v_workflow.status not in ('active', 'paused') then
    perform workflow.refuse('workflow_not_active', format('Workflow %L is %s.', v_workflow.name, v_workflow.status),
      'Publish a version of it first.');
  end if;
  if workflow.is_client() then
    -- A client says what, when and how; all else follows.
    new.id := workflow.new_id();
    new.from_definition := false;
    new.last_run_at := null;
    new.last_execution_id := null;
    new.last_error := null;
    new.failures := 0;
    new.created_by := (select auth.uid());
  end if;
  new.organization_id := v_workflow.organization_id;
  new.suspended_at := case when v_workflow.status = 'paused' then workflow.clock() end;
  new := workflow.time_schedule(new);
  if new.at is not null and new.next_run_at is null and new.enabled and new.suspended_at is null and not new.from_definition then
    perform workflow.refuse('schedule_over', format('%s is over.', new.at), 'Give a moment to come, or start the workflow now.');
  end if;
  return new;
end $$;
create trigger before_insert before insert on public.scheduled_workflows
  for each row execute function workflow.before_schedule_insert();

create function workflow.before_schedule_update() returns trigger
language plpgsql set search_path = '' as $$
begin
  if (new.cron, new.timezone, new.at, new.every) is distinct from (old.cron, old.timezone, old.at, old.every) then
    if new.from_definition and workflow.is_client() then
      perform workflow.refuse('schedule_of_definition', 'The workflow''s definition says when this schedule runs.',
        'Publish a version with another trigger, or pause the schedule with enabled = false.');
    end if;
    new.last_error := null;
    new.failures := 0;
  end if;
  new := workflow.time_schedule(new);
  if new.at is not null and new.next_run_at is null and new.enabled and new.suspended_at is null and workflow.is_client() then
    perform workflow.refuse('schedule_over', format('%s is over.', new.at), 'Give a moment to come, or start the workflow now.');
  end if;
  return new;
end $$;
create trigger before_update before update on public.scheduled_workflows
  for each row when ((new.cron, new.timezone, new.at, new.every, new.enabled)
    is distinct from (old.cron, old.timezone, old.at, old.every, old.enabled))
  execute function workflow.before_schedule_update();

create function workflow.before_schedule_delete() returns trigger
language plpgsql set search_path = '' as $$
begin
  if workflow.is_client() then
    perform workflow.refuse('schedule_of_definition', 'The schedule belongs to the workflow''s definition.',
      'Publish a version with another trigger, or pause the schedule with enabled = false.');
  end if;
  return old;
end $$;
create trigger before_delete before delete on public.scheduled_workflows
  for each row when (old.from_definition) execute function workflow.before_schedule_delete();

-- Writes the trigger of a definition into the workflow's row. What the definition leaves open stays as it is there,
-- and so does the next run where the time is the same as before.
create function workflow.store_schedule(p_workflow public.workflows, p_trigger jsonb) returns void
language sql set search_path = '' set timezone = 'UTC' as $$
  insert into public.scheduled_workflows as s (workflow_id, organization_id, name, cron, timezone, at, every,
      missed_policy, missed_limit, overlap_policy, from_definition, created_by)
    select p_workflow.id, p_workflow.organization_id, p_workflow.name, t.cron, coalesce(t.timezone, 'UTC'), t.at,
      make_interval(secs => extract(epoch from t.every)::float8), coalesce(t."missedPolicy", 'once'),
      coalesce(t."missedLimit", 10), coalesce(t."overlapPolicy", 'allow'), true, null
    from jsonb_to_record(p_trigger) t(cron text, timezone text, at timestamptz, every interval, "missedPolicy" text,
      "missedLimit" int, "overlapPolicy" text)
    on conflict (workflow_id) where from_definition do update
      set name = excluded.name, cron = excluded.cron, timezone = excluded.timezone, at = excluded.at, every = excluded.every,
          missed_policy = coalesce(p_trigger ->> 'missedPolicy', s.missed_policy),
          missed_limit = coalesce((p_trigger ->> 'missedLimit')::int, s.missed_limit),
          overlap_policy = coalesce(p_trigger ->> 'overlapPolicy', s.overlap_policy);
$$;

-- Lets the schedules of a workflow rest while it is paused, and those of its definition while it is archived. What was
-- due in a pause was missed, and made up for as the schedule says, unless the workflow drops what comes in a pause.
create function workflow.suspend_schedules(p_workflow public.workflows, p_was text) returns void
language sql set search_path = '' as $$
  update public.scheduled_workflows s
    set suspended_at = case when r.rests then workflow.now() end,
        next_run_at = case when s.enabled and not r.rests then workflow.run_after(s, case
          when p_was = 'paused' and not p_workflow.settings @> '{"whenPaused": "drop"}' then s.suspended_at
          else workflow.now() end) end
    from (select b as from_definition, p_workflow.status = 'paused' or (b and p_workflow.status <> 'active') as rests
      from unnest(array[true, false]) b) r
    where s.workflow_id = p_workflow.id and s.from_definition = r.from_definition
      and (s.suspended_at is not null) <> r.rests
$$;

-- Keeps schedules in step with their workflow's status and active version.
create function workflow.refresh_schedules() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_trigger jsonb;
begin
  select definition -> 'trigger' into v_trigger
    from public.workflow_versions where workflow_id = new.id and version = new.active_version;
  if new.status = 'active' and v_trigger ->> 'type' = 'schedule' then
    perform workflow.store_schedule(new, v_trigger);
  elsif new.status = 'active' then
    delete from public.scheduled_workflows where workflow_id = new.id and from_definition;
  end if;
  perform workflow.suspend_schedules(new, old.status);
  return null;
end $$;
create trigger refresh_schedules after update of status, active_version on public.workflows
  for each row when (old.status is distinct from new.status or old.active_version is distinct from new.active_version)
  execute function workflow.refresh_schedules();
