-- Time limits: the `timeout` of a condition, a loop or a parallel is a timer beside its branch, its
-- iterations or its branches. It is set as they begin and goes when the container ends. When it is due,
-- what runs inside is cancelled, and the container fails like any step.
--
-- A condition's branch runs on the condition's own strand. So that strand is taken from wherever it is
-- inside: out of the queue, out of a wait, out of a worker's hands.

create function workflow.limit_containers(p_outcomes workflow.outcome[]) returns void
language plpgsql set search_path = '' as $$
begin
  insert into workflow.timers (strand_id, execution_id, step_id, kind, due_at)
    select o.strand_id, o.execution_id, o.step_run_id, 'timeout', workflow.now() + o.time_limit
    from unnest(p_outcomes) o where o.time_limit is not null;
end $$;

-- Timeouts among fired timers: approvals end as they say, containers and waits for executions fail. `moves`: where their strands go.
create function workflow.time_out(p_timers workflow.timers[], out moves workflow.move[], out touched uuid[])
language plpgsql set search_path = '' as $$
declare
  v_timer workflow.timers;
  v_move workflow.move;
  v_expired record;
  v_ended record;
begin
  moves := '{}';
  touched := '{}';
  foreach v_timer in array p_timers loop
    continue when v_timer.kind <> 'timeout';
    v_move := workflow.expire_approval(v_timer.step_id);
    v_expired := workflow.expire_wait(v_timer);
    if v_expired.waited then
      v_move := v_expired.move;
    elsif v_move.strand_id is null then
      v_ended := workflow.end_container(v_timer);
      touched := touched || v_ended.touched;
      v_move := v_ended.move;
    end if;
    if v_move.strand_id is not null then
      moves := moves || v_move;
    end if;
  end loop;
end $$;

-- A container whose time is over. No move while a database action holds the strand: its outcome will be
-- refused, and the timer comes back until the action has ended.
create function workflow.end_container(p_timer workflow.timers, out move workflow.move, out touched uuid[])
language plpgsql set search_path = '' as $$
declare
  v_fork workflow.forks;
  v_outcome workflow.outcome;
begin
  touched := '{}';
  select * into v_fork from workflow.forks where strand_id = p_timer.strand_id and step_id = p_timer.step_id;
  if found then
    touched := workflow.close_fork(v_fork);
  elsif workflow.release_strand(p_timer.strand_id) then
    touched := workflow.leave_inside(p_timer.strand_id, p_timer.step_id);
  else
    insert into workflow.timers (strand_id, execution_id, step_id, kind, due_at)
      values (p_timer.strand_id, p_timer.execution_id, p_timer.step_id, 'timeout', workflow.now() + interval '1 second');
    return;
  end if;
  v_outcome.strand_id := p_timer.strand_id;
  v_outcome.step_run_id := p_timer.step_id;
  v_outcome.status := 'failed';
  v_outcome.error := '{"code": "timeout", "retryable": false, "message": "The step did not end in time.",
    "hint": "Raise its timeout, or give it less to do."}';
  move := workflow.fail_step(v_outcome);
end $$;

-- Takes a strand out of the queue or a worker's hands. False: it is inside a database action, and marked.
create function workflow.release_strand(p_strand uuid) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_free boolean;
begin
  perform from workflow.leases where strand_id = p_strand for update skip locked;
  v_free := found or not exists (select from workflow.leases where strand_id = p_strand);
  update workflow.strands set interrupted = not v_free where id = p_strand;
  if v_free then
    perform workflow.suspend_strands(array[p_strand]);
  end if;
  return v_free;
end $$;

-- Leaves whatever a strand does inside a condition: the step it is on and the containers between are
-- cancelled, with their children and timers. The condition is then what the strand has done last. Returns
-- the step runs that were cancelled.
create function workflow.leave_inside(p_strand uuid, p_condition uuid) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_strand workflow.strands;
  v_path text := (select path from public.workflow_execution_steps where id = p_condition);
  v_inside text[];
  v_cancelled uuid[];
begin
  select * into v_strand from workflow.strands where id = p_strand;
  with recursive around as (
    select v_strand.path as path
    union
    select p.parent from around a
      join workflow.plan_steps p on p.workflow_id = v_strand.workflow_id and p.version = v_strand.version and p.path = a.path
      where p.parent is not null and a.path <> v_path
  )
  select array_agg(path) into v_inside from around where path <> v_path;
  with cancelled as (
    update public.workflow_execution_steps s set status = 'cancelled', finished_at = clock_timestamp()
      where s.execution_id = v_strand.execution_id and s.scope_id = p_strand and s.iteration = 0
        and s.path = any (v_inside) and s.finished_at is null
      returning s.id
  )
  select coalesce(array_agg(id), '{}') into v_cancelled from cancelled;
  delete from workflow.timers where strand_id = p_strand and step_id = any (v_cancelled);
  perform workflow.stop_waiting(p_strand);
  update workflow.strands set step_id = p_condition, path = v_path where id = p_strand;
  delete from workflow.forks where strand_id = p_strand;
  perform workflow.withdraw_approvals(array[v_strand.execution_id]);
  return v_cancelled || workflow.cancel_strands(array(
    select id from workflow.strands
      where execution_id = v_strand.execution_id and id <> p_strand and p_strand = any (scopes)));
end $$;
