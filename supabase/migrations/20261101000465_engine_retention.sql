-- Retention: what is older than the settings say goes, oldest first, a few thousand rows at a time so that
-- nobody waits for it. The sweep calls it.

-- Ended executions beyond their time: first their step runs, then the rows themselves. Returns how many
-- rows went, `p_limit` of each kind at most.
create function workflow.prune_executions(p_limit int) returns int
language plpgsql set search_path = '' as $$
declare
  v_before timestamptz := clock_timestamp() - (select keep_executions from workflow.settings);
  v_expired uuid[];
  v_steps int;
  v_executions int;
begin
  if v_before is null then
    return 0;
  end if;
  v_expired := array(
    select id from public.workflow_executions where finished_at < v_before order by id limit p_limit);
  delete from public.workflow_execution_steps where id in (
    select id from public.workflow_execution_steps where execution_id = any (v_expired) limit p_limit);
  get diagnostics v_steps = row_count;
  delete from public.workflow_executions e where e.id = any (v_expired)
    and not exists (select from public.workflow_execution_steps s where s.execution_id = e.id);
  get diagnostics v_executions = row_count;
  return v_steps + v_executions;
end $$;

create function workflow.prune_audit_log(p_limit int) returns int
language plpgsql set search_path = '' as $$
declare
  v_rows int;
begin
  delete from public.workflow_audit_log where id in (
    select l.id from public.workflow_audit_log l, workflow.settings c
      where l.created_at < clock_timestamp() - c.keep_audit_log order by l.id limit p_limit);
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

-- pg_cron keeps what became of each run for ever: those of the sweep stay a day.
create function workflow.prune_cron_runs(p_limit int) returns int
language plpgsql set search_path = '' as $$
declare
  v_rows int;
begin
  delete from cron.job_run_details where runid in (
    select d.runid from cron.job_run_details d join cron.job j on j.jobid = d.jobid
      where j.jobname = 'workflow-sweep' and d.end_time < clock_timestamp() - interval '1 day' limit p_limit);
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

create function workflow.prune(p_limit int default 5000) returns int
language plpgsql set search_path = '' as $$
begin
  return workflow.prune_executions(p_limit) + workflow.prune_audit_log(p_limit) + workflow.prune_deliveries(p_limit)
    + workflow.prune_cron_runs(p_limit);
end $$;
