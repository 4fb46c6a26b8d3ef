-- Sub-workflows: a step starts an execution of another workflow and, unless told otherwise, waits for its end.
--
--   step run (waiting)  ──▶  awaited execution  ──▶  execution of its own: admission, limits, version, run_as
--
-- Starting is an insert in the transaction of the step's report, with the rights of the user the workflow
-- runs as. From then on the two executions only leave word for each other, in their own transactions:
--
--   the execution ends      ──▶  a row in ended_executions      ──▶  the waiting step ends
--   the step's strand goes  ──▶  strand_id becomes null         ──▶  the execution is cancelled
--
-- Claims and the sweep settle what is there, and skip what somebody has locked. So no transaction ever waits
-- for a second execution, and neither of the two waits for the other's rows.

-- An execution that a step waits for. A strand waits for one at a time.
create table workflow.awaited_executions (
  id bigint generated always as identity primary key,
  execution_id uuid not null,
  step_id uuid not null,
  -- Null: nobody waits any more.
  strand_id uuid references workflow.strands on delete set null,
  -- Whether the step started it; then it is cancelled when nobody waits any more.
  started boolean not null
) with (fillfactor = 50);
create index awaited_executions_execution on workflow.awaited_executions (execution_id);
create index awaited_executions_strand on workflow.awaited_executions (strand_id);
create index awaited_executions_given_up on workflow.awaited_executions (id) where strand_id is null;

-- Word of awaited executions that have ended. Rows are only added and removed: nobody waits for them.
create table workflow.ended_executions (
  id bigint generated always as identity primary key,
  execution_id uuid not null
);

-- Links what a client starts to the database action it starts it in, if it does: one deeper than its cause,
-- and asked for by whoever asked for that, so that nobody approves what they have started themselves.
create function workflow.follow_cause(p_new public.workflow_executions) returns public.workflow_executions
language plpgsql stable security definer set search_path = '' as $$
declare
  v_cause jsonb := workflow.cause();
  v_longest int := (select max_depth from workflow.settings);
begin
  p_new.caused_by := (v_cause ->> 'execution_id')::uuid;
  p_new.parent_step_id := (v_cause ->> 'step_id')::uuid;
  p_new.depth := coalesce((v_cause ->> 'depth')::int + 1, 0);
  p_new.created_by := case when v_cause is null then (select auth.uid())
    else (select created_by from public.workflow_executions where id = p_new.caused_by) end;
  if p_new.depth > v_longest then
    perform workflow.refuse('depth_exceeded', format('Workflows start each other more than %s deep.', v_longest),
      'Look for one that starts itself, directly or through others; use a loop instead.');
  end if;
  return p_new;
end $$;

-- Outcomes that wait for an execution: their strands wait. One that would wait for itself becomes a failure.
-- Returns the outcomes.
create function workflow.await_executions(p_outcomes workflow.outcome[]) returns workflow.outcome[]
language plpgsql set search_path = '' as $$
declare
  v_outcome workflow.outcome;
  v_outcomes workflow.outcome[] := '{}';
begin
  foreach v_outcome in array p_outcomes loop
    if v_outcome.awaits is not null and workflow.depends_on(v_outcome.awaits, v_outcome) then
      v_outcome.status := 'failed';
      v_outcome.awaits := null;
      v_outcome.time_limit := null;
      v_outcome.error := '{"code": "circular_wait", "retryable": false, "path": "params.idempotencyKey",
        "message": "The execution with this key waits for this one.",
        "hint": "Use another key, or do not wait."}';
    elsif v_outcome.awaits is not null then
      perform workflow.await_execution(v_outcome);
    end if;
    v_outcomes := v_outcomes || v_outcome;
  end loop;
  return v_outcomes;
end $$;

-- Whether an execution, found by its key, is the one of a step or waits for it, directly or through others. One
-- that the step has just started does not. Two that begin to wait for each other ask one after the other.
create function workflow.depends_on(p_execution uuid, p_outcome workflow.outcome) returns boolean
language plpgsql set search_path = '' as $$
begin
  if exists (select from public.workflow_executions where id = p_execution and parent_step_id = p_outcome.step_run_id) then
    return false;
  end if;
  perform pg_advisory_xact_lock(hashtext('workflow.await'));
  return exists (
    with recursive needed as (
      select p_execution as id
      union
      select a.execution_id
      from needed n
      join workflow.strands s on s.execution_id = n.id and s.waiting
      join workflow.awaited_executions a on a.strand_id = s.id
    )
    select from needed where id = p_outcome.execution_id);
end $$;

-- The strand waits. Its place in the organisation's limit is free again: the execution it waits for may need
-- just that.
create function workflow.await_execution(p_outcome workflow.outcome) returns void
language plpgsql set search_path = '' as $$
begin
  insert into workflow.awaited_executions (execution_id, step_id, strand_id, started)
    values (p_outcome.awaits, p_outcome.step_run_id, p_outcome.strand_id, exists (
      select from public.workflow_executions where id = p_outcome.awaits and parent_step_id = p_outcome.step_run_id));
  insert into workflow.ended_executions (execution_id)
    select id from public.workflow_executions where id = p_outcome.awaits and finished_at is not null;
  perform workflow.suspend_strands(array[p_outcome.strand_id]);
  perform workflow.admit_after(array[p_outcome.execution_id]);
end $$;

-- One wake-up for all that a transaction has left word of.
create function workflow.wake_once() returns void
language plpgsql security definer set search_path = '' as $$
begin
  if coalesce(current_setting('workflow.woken', true), '') = '' then
    perform set_config('workflow.woken', 'yes', true), workflow.wake();
  end if;
end $$;

-- Leaves word of the end, if somebody waits. A worker that has ended an execution looks for work next; after
-- a user's cancel nobody does.
create function workflow.after_execution_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into workflow.ended_executions (execution_id)
    select new.id where exists (
      select from workflow.awaited_executions where execution_id = new.id and strand_id is not null);
  if found and new.status = 'cancelled' then
    perform workflow.wake_once();
  end if;
  return null;
end $$;
-- Only what a step has started, or what has a key, can be waited for: all else pays nothing.
create trigger after_end after update of status on public.workflow_executions
  for each row when (new.finished_at is not null and old.finished_at is null
    and (new.parent_step_id is not null or new.idempotency_key is not null))
  execute function workflow.after_execution_end();

create function workflow.after_wait_given_up() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform workflow.wake_once();
  return null;
end $$;
create trigger after_given_up after update of strand_id on workflow.awaited_executions
  for each row when (new.strand_id is null) execute function workflow.after_wait_given_up();

-- Whether executions have left word for each other.
create function workflow.has_word() returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return exists (select from workflow.ended_executions)
    or exists (select from workflow.awaited_executions where strand_id is null);
end $$;

-- Settles what executions have left word of, at most p_limit of each kind. Returns how many.
create function workflow.settle_awaited(p_limit int default 100) returns int
language plpgsql set search_path = '' as $$
begin
  if not workflow.has_word() then
    return 0;
  end if;
  return workflow.tell_waiting(p_limit) + workflow.cancel_unawaited(p_limit);
end $$;

-- Steps whose awaited executions have ended go on. Where somebody holds their execution the word stays.
create function workflow.tell_waiting(p_limit int) returns int
language plpgsql set search_path = '' as $$
declare
  v_words bigint[];
  v_ended uuid[];
  v_executions uuid[];
  v_waits workflow.awaited_executions[];
  v_applied record;
  v_steps uuid[];
begin
  select array_agg(id), array_agg(execution_id) into v_words, v_ended from (
    select * from workflow.ended_executions order by id limit p_limit for update skip locked) word;
  v_executions := workflow.lock_executions(array(
    select s.execution_id from workflow.awaited_executions a join workflow.strands s on s.id = a.strand_id
      where a.execution_id = any (v_ended)));
  with over as (
    delete from workflow.awaited_executions a using workflow.strands s
      where a.execution_id = any (v_ended) and s.id = a.strand_id and s.execution_id = any (v_executions)
      returning a.*
  )
  select array_agg(over) into v_waits from over;
  delete from workflow.ended_executions w where w.id = any (v_words) and not exists (
    select from workflow.awaited_executions a where a.execution_id = w.execution_id and a.strand_id is not null);
  if v_waits is null then
    return 0;
  end if;
  v_applied := workflow.resume_moves(workflow.moves_after_waits(v_waits));
  v_steps := array(select w.step_id from unnest(v_waits) w) || v_applied.finished;
  perform workflow.settle_executions(v_executions, v_steps);
  perform workflow.broadcast(v_executions, v_steps || v_applied.touched, true);
  return cardinality(v_waits);
end $$;

create function workflow.moves_after_waits(p_waits workflow.awaited_executions[]) returns workflow.move[]
language plpgsql set search_path = '' as $$
declare
  v_wait workflow.awaited_executions;
  v_move workflow.move;
  v_moves workflow.move[] := '{}';
begin
  foreach v_wait in array p_waits loop
    v_move := workflow.end_wait(v_wait);
    if v_move.strand_id is not null then
      v_moves := v_moves || v_move;
    end if;
  end loop;
  return v_moves;
end $$;

-- A step ends as the execution that it has waited for. Returns where its strand goes, if it goes.
create function workflow.end_wait(p_wait workflow.awaited_executions) returns workflow.move
language plpgsql set search_path = '' as $$
declare
  v_ended public.workflow_executions;
  v_outcome workflow.outcome;
begin
  delete from workflow.timers where strand_id = p_wait.strand_id and step_id = p_wait.step_id;
  select * into v_ended from public.workflow_executions where id = p_wait.execution_id;
  if v_ended.status = 'succeeded' then
    update public.workflow_execution_steps
      set status = 'succeeded', finished_at = clock_timestamp(),
          output = jsonb_build_object('executionId', v_ended.id, 'status', v_ended.status, 'output', v_ended.output)
      where id = p_wait.step_id;
    return (workflow.moves_after(array[p_wait.strand_id]))[1];
  end if;
  v_outcome.strand_id := p_wait.strand_id;
  v_outcome.step_run_id := p_wait.step_id;
  v_outcome.status := 'failed';
  v_outcome.error := case when v_ended.status = 'failed' then jsonb_build_object('code', 'child_failed',
      'retryable', workflow.is_started_anew(v_ended.id),
      'message', format('The execution it waited for has failed: %s', v_ended.error ->> 'message'),
      'hint', format('See execution %s; its error is in details.error.', v_ended.id))
    else jsonb_build_object('code', 'child_cancelled', 'retryable', false,
      'message', format('The execution it waited for was %s.', coalesce(v_ended.status, 'deleted')),
      'hint', 'Handle it with onError, or retry this execution from the step.') end
    || jsonb_build_object('details', jsonb_build_object('executionId', p_wait.execution_id,
      'status', v_ended.status, 'error', v_ended.error));
  return workflow.fail_step(v_outcome);
end $$;

-- Executions that nobody waits for any more are cancelled by the step that started them.
create function workflow.cancel_unawaited(p_limit int) returns int
language plpgsql set search_path = '' as $$
declare
  v_given_up bigint[];
  v_cancelled uuid[];
begin
  v_given_up := array(
    select id from workflow.awaited_executions where strand_id is null order by id limit p_limit for update skip locked);
  v_cancelled := array(
    select e.id from public.workflow_executions e
      where e.id in (select a.execution_id from workflow.awaited_executions a where a.id = any (v_given_up) and a.started)
        and e.status in ('queued', 'running', 'waiting')
      order by e.id for no key update skip locked);
  update public.workflow_executions set status = 'cancelled' where id = any (v_cancelled);
  delete from workflow.awaited_executions a
    where a.id = any (v_given_up) and not (a.started and exists (
      select from public.workflow_executions e where e.id = a.execution_id and e.finished_at is null));
  return cardinality(v_cancelled);
end $$;

-- A strand does not wait any more. Returns the execution that it has waited for.
create function workflow.stop_waiting(p_strand uuid) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_execution uuid;
begin
  update workflow.awaited_executions set strand_id = null where strand_id = p_strand returning execution_id into v_execution;
  return v_execution;
end $$;

-- A step whose time to wait is over fails, and no move if it is tried again. `waited` is false if it does not wait.
create function workflow.expire_wait(p_timer workflow.timers, out waited boolean, out move workflow.move)
language plpgsql set search_path = '' as $$
declare
  v_execution uuid;
  v_outcome workflow.outcome;
begin
  waited := exists (
    select from workflow.awaited_executions where strand_id = p_timer.strand_id and step_id = p_timer.step_id);
  if not waited then
    return;
  end if;
  v_execution := workflow.stop_waiting(p_timer.strand_id);
  v_outcome.strand_id := p_timer.strand_id;
  v_outcome.step_run_id := p_timer.step_id;
  v_outcome.status := 'failed';
  v_outcome.error := jsonb_build_object('code', 'timeout', 'message', 'The execution it waited for did not end in time.',
    'hint', 'Raise the timeout of the step, or give that workflow less to do.',
    'retryable', workflow.is_started_anew(v_execution), 'details', jsonb_build_object('executionId', v_execution));
  move := workflow.fail_step(v_outcome);
end $$;

-- Whether another attempt starts another execution. One with a key would be found again.
create function workflow.is_started_anew(p_execution uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.workflow_executions where id = p_execution and idempotency_key is null);
end $$;

-- Makes up for word that was never left: an execution that ended while a step began to wait for it, or that was
-- deleted with its workflow.
create function workflow.find_ended() returns int
language plpgsql set search_path = '' as $$
declare
  v_found int;
begin
  insert into workflow.ended_executions (execution_id)
    select distinct a.execution_id from workflow.awaited_executions a
      where a.strand_id is not null
        and not exists (select from public.workflow_executions e where e.id = a.execution_id and e.finished_at is null)
        and not exists (select from workflow.ended_executions w where w.execution_id = a.execution_id);
  get diagnostics v_found = row_count;
  return v_found;
end $$;
