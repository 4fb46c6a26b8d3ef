-- Is it working? One function per question, each with what to do when the answer is no. Nothing is kept up to date
-- for them: they read what the engine needs anyway.
--
--   select * from workflow.health();            -- as postgres: the whole project
--   supabase.rpc('workflow_health')             -- the same with the secret key
--   supabase.rpc('workflow_health', { organization_id })   -- an admin's view of one organisation
--
-- warn: it works, but somebody should look. error: something does not happen until somebody acts.

create type workflow.finding as ("check" text, status text, value text, hint text);

create function workflow.finding(p_check text, p_status text, p_value text, p_hint text) returns workflow.finding
language sql immutable set search_path = '' as $$
  select row (p_check, p_status, p_value, case when p_status <> 'ok' then p_hint end)::workflow.finding
$$;

-- `error` from one bound on, `warn` from a lower one.
create function workflow.grade(p_value numeric, p_warn numeric, p_error numeric) returns text
language sql immutable set search_path = '' as $$
  select case when p_value >= p_error then 'error' when p_value >= p_warn then 'warn' else 'ok' end
$$;

create function workflow.seconds_since(p_moment timestamptz, p_now timestamptz default clock_timestamp()) returns numeric
language sql stable set search_path = '' as $$
  select greatest(coalesce(extract(epoch from p_now - p_moment), 0), 0)
$$;

create function workflow.describe_seconds(p_seconds numeric) returns text
language sql immutable set search_path = '' as $$
  select justify_interval(make_interval(secs => floor(p_seconds)::float8))::text
$$;

create function workflow.check_vault() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('vault_entries', case when faults = '{}' then 'ok' else 'error' end,
    case when faults = '{}' then 'project_url and secret_key are there' else array_to_string(faults, '; ') end,
    'select vault.create_secret(''https://<ref>.supabase.co'', ''project_url''); select vault.create_secret(''sb_secret_…'', ''secret_key'');')
  from (select workflow.read_secret('project_url') as url, workflow.read_secret('secret_key') as key) s,
  lateral (select array_remove(array[
    case when s.url is null then 'project_url is missing' when s.url !~ '^https?://' then 'project_url is no address' end,
    case when s.key is null then 'secret_key is missing'
      when s.key !~ '^(sb_secret_|eyJ)' then 'secret_key is no secret key' end], null) as faults) f
$$;

create function workflow.check_sweep_job() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('sweep_job', case when bool_or(active) then 'ok' else 'error' end,
    case when count(*) = 0 then 'pg_cron has no job workflow-sweep'
      when bool_or(active) then 'scheduled: ' || min(schedule) else 'the job is switched off' end,
    'select cron.schedule(''workflow-sweep'', ''10 seconds'', ''select workflow.sweep()''); where pg_cron is older than 1.5: ''* * * * *''')
  from cron.job where jobname = 'workflow-sweep'
$$;

create function workflow.check_sweep_runs() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('sweep_runs', case
      when r.runid is null or r.status = 'failed' or workflow.seconds_since(r.start_time) > 180 then 'error' else 'ok' end,
    case when r.runid is null then 'pg_cron has noted no run'
      when r.status = 'failed' then 'the last run failed: ' || r.return_message
      else 'last run ' || workflow.describe_seconds(workflow.seconds_since(r.start_time)) || ' ago' end,
    'Delays, retries, timeouts and schedules wait for the sweep. Look at cron.job_run_details, and whether pg_cron runs (cron.log_run has to be on).')
  from (select) one left join lateral (
    select d.* from cron.job_run_details d join cron.job j on j.jobid = d.jobid
    where j.jobname = 'workflow-sweep' and d.start_time is not null order by d.runid desc limit 1) r on true
$$;

-- What became of the wake-ups of the last quarter of an hour.
create function workflow.wake_up_answers(out total int, out failed int, out last_failure text, out last_failed boolean)
language sql stable set search_path = '' as $$
  select count(*)::int, count(failure)::int, (array_agg(failure order by id desc) filter (where failure is not null))[1],
    coalesce((array_agg(failure is not null order by id desc))[1], false)
  from net._http_response r
  join workflow.wake_ups w on w.request_id = r.id
  cross join lateral (select case when r.timed_out then 'timeout' when r.status_code >= 400 then r.status_code::text
    else r.error_msg end as failure) f
  where r.created > now() - interval '15 minutes' and w.sent_at > now() - interval '16 minutes'
$$;

create function workflow.check_wake_ups() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('wake_ups', case when last_failed then 'error' when failed > 0 then 'warn' else 'ok' end,
    case when failed = 0 then format('%s answered', total)
      else format('%s of %s failed, the last with: %s', failed, total, last_failure) end,
    case when last_failure in ('401', '403')
        then 'The Vault entry secret_key is no secret key of this project: take a current one, and vault.update_secret(…).'
      when last_failure = '404' then 'supabase functions deploy worker; and check the Vault entry project_url.'
      when last_failure = 'timeout' then 'The worker does not answer within 2 s: look into the function''s logs.'
      when last_failure ~ '^5' then 'The worker fails as it starts: look into the function''s logs, and deploy it again.'
      else 'Check the Vault entry project_url: the database cannot reach the worker there.' end)
  from workflow.wake_up_answers()
$$;

create function workflow.check_queue_depth() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('queue_depth', workflow.grade(count, 1000, 10000), count || ' steps are ready',
    'More comes in than is worked off: raise max_slots or steps_per_invocation in workflow.settings.')
  from workflow.ready_messages()
$$;

create function workflow.check_oldest_ready_step() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('oldest_ready_step', workflow.grade(s.age, 60, 600),
    case when s.age > 0 then 'waits for ' || workflow.describe_seconds(s.age) else 'none waits' end,
    'No worker takes it, or too few: see wake_ups and queue_depth.')
  from (select workflow.seconds_since(since) as age from workflow.ready_messages()) s
$$;

create function workflow.check_lost_leases() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('lost_leases', case when s.overdue > 0 then 'error' when s.lost > 0 then 'warn' else 'ok' end,
    format('%s steps have lost a worker, %s leases are over and not taken back', s.lost, s.overdue),
    case when s.overdue > 0 then 'The sweep does not take them back: see sweep_runs.'
      else 'Workers die in the middle of steps: look into the function''s logs for crashes, memory and CPU limits.' end)
  from (select (select count(*) from workflow.strands where deliveries > 0) as lost,
      (select count(*) from workflow.leases where expires_at < clock_timestamp() - interval '3 minutes') as overdue) s
$$;

-- Strands that wait for something which will not come: no timer, branch, approval or other execution. Those
-- of the last five minutes may be in the middle of a transition.
create function workflow.stuck_strands() returns setof uuid
language sql stable set search_path = '' as $$
  select s.id
  from workflow.strands s join public.workflow_execution_steps r on r.id = s.step_id
  where s.waiting and not s.cancelled and r.started_at < clock_timestamp() - interval '5 minutes'
    and not exists (select from workflow.timers t where t.strand_id = s.id)
    and not exists (select from workflow.forks f where f.strand_id = s.id)
    and not exists (select from public.approval_requests a where a.id = s.step_id and a.status = 'pending')
    and not exists (select from workflow.awaited_executions a where a.strand_id = s.id)
  limit 100
$$;

create function workflow.check_stuck_executions() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('stuck_executions', workflow.grade(count(*), 1, 1), count(distinct s.execution_id) || ' wait for nothing',
    'Cancel and retry them, and report it with their workflow_execution_steps: '
      || left(string_agg(distinct s.execution_id::text, ', '), 400))
  from workflow.strands s where s.id in (select workflow.stuck_strands())
$$;

create function workflow.check_clock() returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('clock', case when clock_offset = '0' then 'ok' else 'warn' end,
    case when clock_offset = '0' then 'is that of Postgres' else 'is off by ' || clock_offset end,
    'update workflow.settings set clock_offset = ''0''; only tests move it.')
  from workflow.settings
$$;

-- The following read public tables only, under the caller's row-level security. `p_organization` null: all.

create function workflow.check_failing_schedules(p_organization uuid default null) returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('failing_schedules',
    case when bool_or(next_run_at is null and at is null) then 'error' when count(*) > 0 then 'warn' else 'ok' end,
    count(*) || ' could not start their workflow', 'See last_error in scheduled_workflows: ' || left(string_agg(
      format('%s (%s)', coalesce(name, id::text), last_error ->> 'message'), '; ' order by failures desc), 400))
  from public.scheduled_workflows
  where failures > 0 and enabled and suspended_at is null and (p_organization is null or organization_id = p_organization)
$$;

create function workflow.check_late_schedules(p_organization uuid default null) returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('late_schedules', workflow.grade(s.late, 180, 600),
    case when s.late > 0 then 'one is due for ' || workflow.describe_seconds(s.late) else 'none is overdue' end,
    'The sweep does not run, or does not get through: ask whoever operates the project to run npm run doctor.')
  from (select workflow.seconds_since(min(next_run_at), workflow.clock()) as late
    from public.scheduled_workflows where p_organization is null or organization_id = p_organization) s
$$;

-- A workflow whose trigger has failed on a row was paused. Publishing since then is taken as a correction.
create function workflow.check_paused_by_rule(p_organization uuid default null) returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('paused_by_failing_rule', case when count(*) > 0 then 'error' else 'ok' end,
    count(*) || ' workflows were paused when their trigger failed',
    'Correct the trigger and publish, then set status to active: '
      || left(string_agg(format('%s (%s)', w.name, l.error), '; ' order by w.name), 400))
  from public.workflows w
  cross join lateral (
    select a.details ->> 'error' as error from public.workflow_audit_log a
    where a.workflow_id = w.id and a.event = 'trigger_failed' and a.created_at >= (
      select max(v.published_at) from public.workflow_versions v where v.workflow_id = w.id)
    order by a.id desc limit 1) l
  where w.status = 'paused' and (p_organization is null or w.organization_id = p_organization)
$$;
create index workflow_audit_log_failed_triggers on public.workflow_audit_log (workflow_id, id desc) where event = 'trigger_failed';

create function workflow.check_backlog(p_organization uuid default null) returns workflow.finding
language sql stable set search_path = '' as $$
  select workflow.finding('backlog', workflow.grade(b.age, 600, 3600),
    case when b.age > 0 then 'the oldest execution waits for ' || workflow.describe_seconds(b.age) else 'none waits' end,
    'The organisation or the workflow is at its limit: see max_in_flight and maxConcurrent; or nothing runs: see oldest_ready_step.')
  from (
    select workflow.seconds_since(min(e.created_at)) as age
    from public.workflow_executions e join public.workflows w on w.id = e.workflow_id and w.status = 'active'
    where e.status = 'queued' and (p_organization is null or e.organization_id = p_organization)) b
$$;

-- All there is to say about a project. For postgres and the service role.
create function workflow.health() returns setof workflow.finding
language plpgsql stable security definer set search_path = '' as $$
begin
  return next workflow.check_vault();
  return next workflow.check_sweep_job();
  return next workflow.check_sweep_runs();
  return next workflow.check_wake_ups();
  return next workflow.check_queue_depth();
  return next workflow.check_oldest_ready_step();
  return next workflow.check_backlog();
  return next workflow.check_lost_leases();
  return next workflow.check_stuck_executions();
  return next workflow.check_late_schedules();
  return next workflow.check_failing_schedules();
  return next workflow.check_paused_by_rule();
  return next workflow.check_clock();
end $$;

-- What concerns one organisation, for its admins. Runs with the caller's rights: what they may not see does not count.
create function workflow.organization_health(p_organization uuid) returns setof workflow.finding
language plpgsql stable set search_path = '' as $$
begin
  if workflow.has_role(p_organization, 'admin') is not true and current_user <> 'service_role' then
    perform workflow.refuse('not_an_admin', 'Only admins of the organisation see its health.', 'Ask one of them.');
  end if;
  return next workflow.check_late_schedules(p_organization);
  return next workflow.check_failing_schedules(p_organization);
  return next workflow.check_paused_by_rule(p_organization);
  return next workflow.check_backlog(p_organization);
end $$;

-- Without an organisation the whole project, which only the service role may ask for.
create function public.workflow_health(organization_id uuid default null)
returns table ("check" text, status text, value text, hint text)
language plpgsql stable set search_path = '' as $$
begin
  if $1 is null then
    return query select f."check", f.status, f.value, f.hint from workflow.health() f;
  else
    return query select f."check", f.status, f.value, f.hint from workflow.organization_health($1) f;
  end if;
end $$;
revoke execute on function public.workflow_health(uuid) from public, anon, authenticated;
grant execute on function public.workflow_health(uuid) to authenticated, service_role;
