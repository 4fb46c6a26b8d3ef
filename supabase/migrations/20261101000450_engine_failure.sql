-- Failing and waiting: what an error does to its step, its containers and its execution; what is
-- due later; what happens when it is due.

-- When the next attempt is due: the policy's delay, doubled per attempt if exponential, capped, and
-- spread over its upper half so that steps that failed together do not come back together.
create function workflow.retry_delay(p_retry jsonb, p_attempt int) returns interval
language sql volatile set search_path = '' as $$
  select make_interval(secs => (0.5 + random() / 2) / 1000.0 * case p_retry ->> 'backoff'
    when 'none' then 0
    when 'fixed' then (p_retry ->> 'delay_ms')::float8
    else least((p_retry ->> 'max_delay_ms')::float8,
               (p_retry ->> 'delay_ms')::float8 * power(2, least(p_attempt, 30) - 1)) end)
$$;

create function workflow.fail_steps(p_outcomes workflow.outcome[]) returns workflow.move[]
language plpgsql set search_path = '' as $$
declare
  v_outcome workflow.outcome;
  v_move workflow.move;
  v_moves workflow.move[] := '{}';
begin
  foreach v_outcome in array p_outcomes loop
    if v_outcome.status = 'failed' then
      v_move := workflow.fail_step(v_outcome);
      if v_move.strand_id is not null then
        v_moves := v_moves || v_move;
      end if;
    end if;
  end loop;
  return v_moves;
end $$;

-- One failed step: another attempt, or its own onError, or that of a container around it, or the end
-- of its strand. Returns where the strand goes, null when it waits.
create function workflow.fail_step(p_outcome workflow.outcome) returns workflow.move
language plpgsql set search_path = '' as $$
declare
  v_strand workflow.strands;
  v_plan workflow.plan_steps;
  v_handler workflow.plan_steps;
  v_failed uuid[];
  v_attempt int;
  v_error jsonb;
begin
  select * into v_strand from workflow.strands where id = p_outcome.strand_id;
  select * into v_plan from workflow.plan_steps
    where workflow_id = v_strand.workflow_id and version = v_strand.version and path = v_strand.path;
  select attempt into v_attempt from public.workflow_execution_steps where id = p_outcome.step_run_id;
  v_error := coalesce(p_outcome.error, '{"code": "unknown"}') || jsonb_build_object('attempt', v_attempt);

  -- What is deferred was not tried: it comes back whatever the policy says, and as the same attempt.
  if (v_error -> 'deferred')::boolean
      or ((v_error -> 'retryable')::boolean and v_attempt < (v_plan.retry -> 'attempts')::int) then
    perform workflow.schedule_retry(p_outcome, v_plan.retry, v_attempt, v_error);
    return null;
  end if;
  update public.workflow_execution_steps
    set status = 'failed', finished_at = clock_timestamp(), handled = v_plan.on_error <> 'fail',
        input = coalesce(p_outcome.input, input), error = v_error
    where id = p_outcome.step_run_id;
  if (v_error -> 'terminal')::boolean then
    return workflow.fail_strand(v_strand, v_plan, v_error);
  elsif v_plan.on_error = 'continue' then
    return (v_strand.id, v_strand.step_id, v_plan.next, v_plan.closes, '{}'::uuid[], null)::workflow.move;
  elsif v_plan.on_error = 'catch' then
    return (v_strand.id, v_strand.step_id, v_plan.catch, '{}'::text[], '{}'::uuid[], null)::workflow.move;
  elsif v_plan.handler is null then
    return workflow.fail_strand(v_strand, v_plan, v_error);
  end if;

  select * into v_handler from workflow.plan_steps
    where workflow_id = v_strand.workflow_id and version = v_strand.version and path = v_plan.handler;
  v_failed := workflow.fail_containers(v_strand, v_plan.fails || v_plan.handler, v_plan.handler, v_error);
  if v_handler.on_error = 'catch' then
    return (v_strand.id, v_strand.step_id, v_handler.catch, '{}'::text[], v_failed, null)::workflow.move;
  end if;
  -- The container is now what the strand has done last.
  update workflow.strands st set path = s.path, step_id = s.id
    from public.workflow_execution_steps s
    where st.id = v_strand.id and s.execution_id = st.execution_id and s.scope_id = st.id and s.iteration = 0
      and s.path = v_plan.handler
    returning st.step_id into v_strand.step_id;
  return (v_strand.id, v_strand.step_id, v_handler.next, v_handler.closes, v_failed, null)::workflow.move;
end $$;

create function workflow.schedule_retry(p_outcome workflow.outcome, p_retry jsonb, p_attempt int, p_error jsonb)
returns void
language plpgsql set search_path = '' as $$
begin
  update public.workflow_execution_steps
    set status = 'waiting', input = coalesce(p_outcome.input, input), error = p_error,
        attempt = attempt - coalesce((p_error -> 'deferred')::boolean, false)::int
    where id = p_outcome.step_run_id;
  insert into workflow.timers (strand_id, execution_id, step_id, kind, due_at)
    select id, execution_id, step_id, 'retry', workflow.now() + greatest(workflow.retry_delay(p_retry, p_attempt),
      make_interval(secs => (p_error -> 'retry_after_ms')::float8 / 1000))
    from workflow.strands where id = p_outcome.strand_id;
  perform workflow.suspend_strands(array[p_outcome.strand_id]);
end $$;

-- Containers around a failed step fail with it; the one that handles the error is marked so.
create function workflow.fail_containers(p_strand workflow.strands, p_paths text[], p_handler text, p_error jsonb)
returns uuid[]
language sql set search_path = '' as $$
  with failed as (
    update public.workflow_execution_steps s
      set status = 'failed', finished_at = clock_timestamp(),
          handled = s.path is not distinct from p_handler, error = p_error
      where s.execution_id = p_strand.execution_id and s.scope_id = p_strand.id and s.iteration = 0
        and s.path = any (p_paths) and s.status = 'waiting'
      returning s.id
  ), untimed as (
    delete from workflow.timers t using failed f where t.strand_id = p_strand.id and t.step_id = f.id
  )
  select coalesce(array_agg(id), '{}') from failed
$$;

-- Nothing on the strand handles the error: it ends. A branch or an iteration leaves the error to its
-- container. On the main line the workflow's onFailure steps run first, while the execution still runs;
-- an error inside them changes nothing about the error it fails with.
create function workflow.fail_strand(p_strand workflow.strands, p_plan workflow.plan_steps, p_error jsonb)
returns workflow.move
language plpgsql set search_path = '' as $$
declare
  v_failed uuid[] := workflow.fail_containers(p_strand, p_plan.fails, null, p_error);
  v_on_failure text;
begin
  if p_strand.id <> p_strand.execution_id then
    return (p_strand.id, p_strand.step_id, null, '{}'::text[], v_failed, p_error)::workflow.move;
  end if;
  update public.workflow_executions set error = coalesce(error, p_error || jsonb_build_object('step', p_plan.step_id))
    where id = p_strand.execution_id;
  if p_plan.section = 'main' and (p_error -> 'terminal') is distinct from 'true' then
    select on_failure into v_on_failure from workflow.plans
      where workflow_id = p_strand.workflow_id and version = p_strand.version;
  end if;
  return (p_strand.id, p_strand.step_id, v_on_failure, '{}'::text[], v_failed, null)::workflow.move;
end $$;

-- Outcomes that wait for a moment: the strand is suspended and a timer holds its place.
create function workflow.wait_until(p_outcomes workflow.outcome[]) returns void
language plpgsql set search_path = '' as $$
begin
  insert into workflow.timers (strand_id, execution_id, step_id, kind, due_at)
    select s.id, s.execution_id, s.step_id, 'delay', o.until
    from unnest(p_outcomes) o join workflow.strands s on s.id = o.strand_id where o.until is not null;
  perform workflow.suspend_strands(array(select o.strand_id from unnest(p_outcomes) o where o.until is not null));
end $$;

-- Suspended strands that may go on: a message each, visible now.
create function workflow.resume_strands(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  with messages as materialized (
    select m.strand_id, m.msg_id
    from (select array_agg(id) as strands, array_agg(organization_id) as organizations
          from workflow.strands where id = any (p_strands) and waiting) a,
    lateral workflow.send_messages(a.strands, a.organizations) m
    where a.strands is not null
  )
  update workflow.strands s set waiting = false, msg_id = m.msg_id from messages m where s.id = m.strand_id;
end $$;

-- Fires timers that are due, at most p_limit of them, and one of each strand: where it leads decides about
-- the strand's others. Returns how many.
create function workflow.fire_timers(p_limit int default 100) returns int
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := workflow.now();
  v_executions uuid[];
  v_fired workflow.timers[];
begin
  if not exists (select from workflow.timers where due_at <= v_now) then
    return 0;
  end if;
  v_executions := workflow.lock_executions(array(
    select execution_id from workflow.timers where due_at <= v_now order by due_at, id limit p_limit));
  with due as (
    delete from workflow.timers t where t.id in (
      select id from (
        select distinct on (strand_id) id, due_at from workflow.timers
          where due_at <= v_now and execution_id = any (v_executions) order by strand_id, due_at, id) first
        order by due_at, id limit p_limit)
      returning t.*
  )
  select array_agg(due) into v_fired from due;
  if v_fired is null then
    return 0;
  end if;
  perform workflow.end_waits(v_fired, v_executions);
  return cardinality(v_fired);
end $$;

-- What follows from timers that have been due, in executions that are locked.
create function workflow.end_waits(p_timers workflow.timers[], p_executions uuid[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_moves workflow.move[];
  v_timed_out record;
  v_applied record;
  v_steps uuid[];
begin
  update public.workflow_execution_steps s
    set status = case f.kind when 'delay' then 'succeeded' else 'queued' end,
        attempt = s.attempt + (f.kind = 'retry')::int,
        finished_at = case f.kind when 'delay' then clock_timestamp() end
    from unnest(p_timers) f where s.id = f.step_id and f.kind in ('delay', 'retry');
  v_timed_out := workflow.time_out(p_timers);
  perform workflow.remind(p_timers);
  v_moves := v_timed_out.moves
    || workflow.moves_after(array(select f.strand_id from unnest(p_timers) f where f.kind = 'delay'));
  v_applied := workflow.resume_moves(v_moves);
  v_steps := array(select f.step_id from unnest(p_timers) f) || v_applied.finished;
  perform workflow.resume_strands(array(select f.strand_id from unnest(p_timers) f where f.kind = 'retry'));
  perform workflow.settle_executions(p_executions, v_steps);
  perform workflow.broadcast(p_executions, v_steps || v_applied.touched || v_timed_out.touched, true);
end $$;

-- The moves of strands whose current step has just ended well.
create function workflow.moves_after(p_strands uuid[]) returns workflow.move[]
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(array_agg(row (st.id, st.step_id, p.next, p.closes, '{}'::uuid[], null)::workflow.move), '{}')
    from workflow.strands st
    join workflow.plan_steps p on p.workflow_id = st.workflow_id and p.version = st.version and p.path = st.path
    where st.id = any (p_strands));
end $$;
