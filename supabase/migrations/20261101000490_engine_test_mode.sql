-- Test runs: what an execution would do, without doing it.
--
--   insert into workflow_executions (workflow_id, mode, input, test) values (…, 'test', …)
--
-- A worker takes a test run from workflow.test_runs and plays it in ONE transaction, with the state machine's
-- own functions and on a copy of the execution, so that the row itself stays free to be cancelled:
--
--   begin_test · (next_test_steps · run · complete_steps)* · capture_test · ROLLBACK · finish_test
--
-- Database actions write for real and are rolled back with the queue messages, wake-ups, broadcasts and
-- executions that came of them. Calls to the outside are recorded by the worker, never made. What
-- capture_test has read is written in a transaction of its own, by finish_test.

-- Test runs that wait for a worker or are with one. A copy has a row too, in its own transaction only.
create table workflow.test_runs (
  execution_id uuid primary key,
  copy_of uuid,
  token uuid,
  -- Workers that have taken it.
  deliveries int not null default 0,
  -- Until when it is in a worker's hands.
  expires_at timestamptz not null default '-infinity',
  -- How far the clock of a copy has been moved.
  clock_offset interval not null default '0'
);

-- Whether this transaction is one of a test run. The setting alone proves nothing, since anybody may write
-- it: the row of a copy is visible to its own transaction only.
create function workflow.is_testing() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  if current_setting('workflow.test', true) <> '' then
    return exists (
      select from workflow.test_runs
      where execution_id = current_setting('workflow.test')::uuid and copy_of is not null);
  end if;
  return false;
end $$;

create function workflow.test_clock_offset() returns interval
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((
    select clock_offset from workflow.test_runs where execution_id = current_setting('workflow.test')::uuid), '0');
end $$;

create function workflow.is_mock(p_mock jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return case
    when jsonb_typeof(p_mock) <> 'object' then false
    when p_mock ? 'output' then p_mock - 'output' = '{}'
    else p_mock - 'error' = '{}' and coalesce(jsonb_typeof(p_mock #> '{error,code}') = 'string'
      and jsonb_typeof(p_mock #> '{error,message}') = 'string', false) end;
end $$;

create function workflow.is_approval_answer(p_answer jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return case
    when jsonb_typeof(p_answer) = 'object' then p_answer - array['decision', 'comment'] = '{}'
      and coalesce(p_answer -> 'decision' in ('"approved"', '"rejected"'), false)
    else p_answer in ('"approved"', '"rejected"', '"timeout"') end;
end $$;

-- What is wrong with the `test` of an execution; null: nothing. Mocks and answers are one for a step, or a
-- list of one for each of its runs.
create function workflow.test_problem(p_test jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_mocks jsonb := coalesce(p_test -> 'mocks', '{}');
  v_approvals jsonb := coalesce(p_test -> 'approvals', '{}');
begin
  return case
    when jsonb_typeof(p_test) <> 'object' then '`test` is an object'
    when p_test - array['definition', 'plan', 'mocks', 'approvals', 'record', 'old_record', 'operation'] <> '{}' then
      '`test` has definition and plan, mocks, approvals, record, old_record and operation'
    when (p_test ? 'definition') <> (p_test ? 'plan') then 'a draft has both definition and plan'
    when jsonb_typeof(v_mocks) <> 'object' or jsonb_typeof(v_approvals) <> 'object' then
      'mocks and approvals are objects by step id'
    when exists (select from jsonb_path_query(v_mocks, '$.*[*]') m where not workflow.is_mock(m)) then
      'a mock is {"output": …} or {"error": {"code": "…", "message": "…"}}'
    when exists (select from jsonb_path_query(v_approvals, '$.*[*]') a where not workflow.is_approval_answer(a)) then
      'an approval is answered "approved", "rejected", "timeout" or {"decision": "approved", "comment": "…"}'
    end;
end $$;

-- Completes a test run: the version it is of, and the event it begins with. Only its plan names what may be
-- mocked and answered.
create function workflow.prepare_test(p_new public.workflow_executions) returns public.workflow_executions
language plpgsql security definer set search_path = '' as $$
declare
  v_workflow public.workflows;
  v_definition jsonb := p_new.test -> 'definition';
  v_plan jsonb := p_new.test -> 'plan';
  v_problem text;
begin
  if workflow.is_testing() then
    return p_new;
  elsif p_new.mode is distinct from 'test' or p_new.retry_of is not null then
    perform workflow.refuse('invalid_test', 'Only an execution of mode test has a `test`, and it begins at the start.',
      'Set mode to test and leave retry_of out, or leave `test` out.');
  end if;
  select * into v_workflow from public.workflows where id = p_new.workflow_id;
  p_new.workflow_version := case when v_definition is null then v_workflow.active_version end;
  p_new.idempotency_key := null;
  p_new.test := coalesce(p_new.test, '{}');
  if v_definition is null then
    select definition, plan into v_definition, v_plan from public.workflow_versions
      where workflow_id = p_new.workflow_id and version = p_new.workflow_version;
  end if;
  if v_workflow.status = 'archived' or v_plan is null then
    perform workflow.refuse('workflow_not_active', format('Workflow %L is %s.', v_workflow.name, v_workflow.status),
      'Publish a version of it, or test its draft.');
  end if;
  perform workflow.check_plan(v_plan);
  v_problem := workflow.test_problem(p_new.test);
  if v_problem is not null then
    perform workflow.refuse('invalid_test', format('The test cannot be read: %s.', v_problem), 'See docs/test-mode.md.');
  end if;
  perform workflow.check_tested_steps(p_new.test, v_plan);
  if v_definition #>> '{trigger,type}' = 'event' then
    p_new.trigger := workflow.test_event(p_new.test, v_definition -> 'trigger');
  end if;
  return p_new;
end $$;

create function workflow.check_tested_steps(p_test jsonb, p_plan jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  v_unknown text := (
    select k from jsonb_object_keys(coalesce(p_test -> 'mocks', '{}') || coalesce(p_test -> 'approvals', '{}')) k
      where not p_plan -> 'steps' ? k limit 1);
begin
  if v_unknown is not null then
    perform workflow.refuse('unknown_step', format('The workflow has no step %L to mock or answer.', v_unknown),
      format('Name one of: %s.', (select string_agg(k, ', ') from jsonb_object_keys(p_plan -> 'steps') k)));
  end if;
end $$;

-- The event of a test run, as far as the caller describes it; complete_record adds the stored row.
create function workflow.test_event(p_test jsonb, p_trigger jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_relation regclass := workflow.watched_relation(p_trigger ->> 'table');
  v_operation text := upper(coalesce(p_test ->> 'operation', p_trigger #>> '{events,0}'));
  v_table workflow.watched_tables;
begin
  select * into v_table from workflow.watched_tables where relation = v_relation;
  if jsonb_typeof(p_test -> 'record') is distinct from 'object'
    or not p_test -> 'record' ?& v_table.key_columns::text[] or v_operation not in ('INSERT', 'UPDATE', 'DELETE') then
    perform workflow.refuse('invalid_test', format('A row of %s starts this workflow, and the test names none.', v_relation),
      format('Give in `record` at least its %s; `operation` is insert, update or delete.',
        array_to_string(v_table.key_columns, ', ')));
  end if;
  return jsonb_build_object('type', 'event', 'table', v_relation::text, 'operation', v_operation,
    'key', to_jsonb(v_table.key_columns), 'record', p_test -> 'record', 'old_record', p_test -> 'old_record',
    'tenant', v_table.tenant_column);
end $$;

-- Fills the record of a test run's event up from the stored row, as far as the caller may see it. Of another
-- organisation none is taken: no event would have started this workflow with it.
create function workflow.complete_record(p_trigger jsonb, p_organization uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_operation text := p_trigger ->> 'operation';
  v_stored jsonb;
  v_record jsonb;
begin
  if not p_trigger ? 'tenant' then
    return p_trigger;
  end if;
  execute (
    select format('select to_jsonb(t) from %1$s t where %2$s', p_trigger ->> 'table',
        string_agg(format('t.%1$I = (jsonb_populate_record(null::%2$s, $1)).%1$I', k, p_trigger ->> 'table'), ' and '))
      from jsonb_array_elements_text(p_trigger -> 'key') k)
    into v_stored using p_trigger -> 'record';
  v_record := coalesce(v_stored, '{}') || (p_trigger -> 'record');
  if v_record ->> (p_trigger ->> 'tenant') is distinct from p_organization::text then
    perform workflow.refuse('invalid_test', 'The record of the test is not one of this organisation, or you may not see it.',
      'Name a row that you see in the table the workflow watches.');
  end if;
  return (p_trigger - 'tenant') || jsonb_build_object(
    'record', case when v_operation <> 'DELETE' then v_record end,
    'old_record', case v_operation when 'DELETE' then v_record
      when 'UPDATE' then coalesce(v_stored, '{}') || coalesce(nullif(p_trigger -> 'old_record', 'null'), '{}') end);
end $$;

-- A test run waits for no admission: it takes nothing from what its organisation may run.
create function workflow.after_test_insert() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if workflow.is_testing() then
    return null;
  end if;
  update public.workflow_executions set status = 'running', started_at = clock_timestamp() where id = new.id;
  insert into workflow.test_runs (execution_id) values (new.id);
  perform workflow.broadcast(array[new.id], '{}', true);
  perform workflow.call_worker('{"test": true}');
  return null;
end $$;
create trigger after_test_insert after insert on public.workflow_executions
  for each row when (new.mode = 'test') execute function workflow.after_test_insert();

-- Drafts' test runs name no version that would take them along.
create function workflow.delete_draft_tests() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.workflow_executions where workflow_id = old.id and workflow_version is null;
  return old;
end $$;
create trigger delete_draft_tests before delete on public.workflows
  for each row execute function workflow.delete_draft_tests();

create function workflow.has_waiting_tests() returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return exists (select from workflow.test_runs where expires_at <= clock_timestamp());
end $$;

-- Puts the oldest waiting test run into a worker's hands, unless as many as may are there already.
create function workflow.claim_test() returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_run jsonb;
begin
  perform pg_advisory_xact_lock(hashtext('workflow.claim_test'));
  if (select count(*) from workflow.test_runs where expires_at > clock_timestamp())
      >= (select max_test_runs from workflow.settings) then
    return null;
  end if;
  update workflow.test_runs t
    set token = gen_random_uuid(), deliveries = t.deliveries + 1,
        expires_at = clock_timestamp() + c.max_test_time + c.lease_grace
    from workflow.settings c, public.workflow_executions e
    where e.id = t.execution_id and t.execution_id = (
      select r.execution_id from workflow.test_runs r
        where r.expires_at <= clock_timestamp() and r.deliveries < c.max_deliveries
          and exists (select from public.workflow_executions o where o.id = r.execution_id and o.status = 'running')
        order by r.execution_id limit 1 for update of r skip locked)
    returning jsonb_build_object('execution_id', e.id, 'token', t.token, 'mocks', coalesce(e.test -> 'mocks', '{}'),
      'limit_ms', extract(epoch from c.max_test_time) * 1000) into v_run;
  return v_run;
end $$;

-- Whether a test run is still to be played, by this worker: it may have been cancelled.
create function workflow.is_test_wanted(p_execution uuid, p_token uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from workflow.test_runs t join public.workflow_executions e on e.id = t.execution_id and e.status = 'running'
    where t.execution_id = p_execution and t.token = p_token);
end $$;

-- Opens the transaction of a test run: from here on admission and wake-ups rest, and the clock is its own.
-- Returns the copy that is played.
create function workflow.begin_test(p_execution uuid, p_token uuid) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_copy uuid := workflow.new_id();
  v_execution public.workflow_executions;
begin
  if not workflow.is_test_wanted(p_execution, p_token) then
    perform workflow.refuse('stale_claim', 'The test run is no longer held.', 'Roll back; it has ended, or another worker has it.');
  end if;
  insert into workflow.test_runs (execution_id, copy_of, expires_at)
    select v_copy, p_execution, clock_timestamp() + max_test_time from workflow.settings;
  perform set_config('workflow.test', v_copy::text, true);
  perform workflow.leave_test_step();
  select * into v_execution from public.workflow_executions where id = p_execution;
  insert into public.workflow_executions (id, workflow_id, workflow_version, mode, trigger, input, test, created_by)
    values (v_copy, v_execution.workflow_id, coalesce(v_execution.workflow_version, workflow.store_draft(v_execution)),
      'test', v_execution.trigger, v_execution.input, v_execution.test, v_execution.created_by);
  perform workflow.launch(array[v_copy]);
  return v_copy;
end $$;

-- A draft becomes a version of this transaction, which runs as whoever tests it.
create function workflow.store_draft(p_execution public.workflow_executions) returns int
language plpgsql set search_path = '' as $$
declare
  v_version int := - nextval('workflow.tested_drafts');
begin
  insert into public.workflow_versions (workflow_id, version, definition, plan, run_as, published_by)
    values (p_execution.workflow_id, v_version, p_execution.test -> 'definition', p_execution.test -> 'plan',
      p_execution.created_by, p_execution.created_by);
  perform workflow.store_plan(p_execution.workflow_id, v_version, p_execution.test -> 'plan',
    p_execution.test #> '{definition,inputs}');
  return v_version;
end $$;
create sequence workflow.tested_drafts as int cycle;

-- What the next step finds as its own transaction would: no user, no cause, constraints as they begin, and
-- no statement outlasts the test run.
create function workflow.leave_test_step() returns void
language plpgsql set search_path = '' as $$
declare
  v_left_ms numeric;
  v_deferred text;
begin
  select extract(epoch from expires_at - clock_timestamp()) * 1000 into v_left_ms
    from workflow.test_runs where execution_id = current_setting('workflow.test')::uuid;
  perform workflow.leave_user(), workflow.limit_statements(v_left_ms + 1000),
    set_config('idle_in_transaction_session_timeout', '60s', true), set_config('workflow.cause', '', true);
  select string_agg(distinct format('%I.%I', n.nspname, c.conname), ', ') into v_deferred
    from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace where c.condeferred;
  if v_deferred is not null then
    execute 'set constraints ' || v_deferred || ' deferred';
  end if;
end $$;

-- The next steps of a test run, claimed. Where none is ready, approvals are answered as the caller said, and
-- then time passes up to the next timer. None: it has ended, or cannot go on.
create function workflow.next_test_steps(p_copy uuid) returns json
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_strands uuid[];
begin
  loop
    v_strands := array(
      select s.id from workflow.strands s
        where s.execution_id = p_copy and not s.waiting and not s.cancelled
          and not exists (select from workflow.leases l where l.strand_id = s.id)
        order by s.msg_id limit 20);
    exit when cardinality(v_strands) > 0;
    if not workflow.answer_approval(p_copy) and not workflow.pass_time(p_copy) then
      return '[]';
    end if;
  end loop;
  update public.workflow_execution_steps set status = 'running', started_at = clock_timestamp()
    where id in (select step_id from workflow.strands where id = any (v_strands));
  perform workflow.lease_strands(v_strands, null, clock_timestamp());
  return workflow.describe_claims(v_strands);
end $$;

-- Decides the oldest open approval that has an answer. One that has none runs out of time.
create function workflow.answer_approval(p_copy uuid) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_answers jsonb := (select test -> 'approvals' from public.workflow_executions where id = p_copy);
  v_answered record;
  v_request public.approval_requests;
  v_decision public.approval_decisions;
begin
  select r.id, a.answer into v_answered
    from public.approval_requests r
    join public.workflow_execution_steps s on s.id = r.id,
    lateral (select count(*)::int as number from public.workflow_execution_steps o
      where o.execution_id = p_copy and o.step_id = s.step_id and o.id < s.id) earlier,
    lateral (select workflow.one_of(v_answers -> s.step_id, earlier.number) as answer) a
    where r.execution_id = p_copy and r.status = 'pending' and a.answer <> '"timeout"'
    order by r.id limit 1;
  if not found then
    return false;
  end if;
  select * into v_request from public.approval_requests where id = v_answered.id;
  v_decision.id := workflow.new_id();
  v_decision.user_id := v_request.requested_by;
  v_decision.comment := v_answered.answer ->> 'comment';
  perform workflow.close_approval(v_request, coalesce(v_answered.answer ->> 'decision', v_answered.answer #>> '{}'), v_decision);
  return true;
end $$;

-- Of a list the one at a place, counted from 0, or the last; what is no list is the same for all.
create function workflow.one_of(p_value jsonb, p_place int) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return case jsonb_typeof(p_value)
    when 'array' then p_value -> least(p_place, jsonb_array_length(p_value) - 1) else p_value end;
end $$;

-- Moves the clock of a test run to its next timer, and lets happen what is due then.
create function workflow.pass_time(p_copy uuid) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_strands uuid[] := array(select id from workflow.strands where execution_id = p_copy);
  v_due timestamptz := (select min(due_at) from workflow.timers where strand_id = any (v_strands));
  v_timers workflow.timers[];
begin
  if v_due is null then
    return false;
  end if;
  update workflow.test_runs set clock_offset = clock_offset + greatest(v_due - workflow.now(), '0')
    where execution_id = p_copy;
  with due as (
    delete from workflow.timers where strand_id = any (v_strands) and due_at <= v_due returning *
  )
  select array_agg(due order by due_at, id) into v_timers from due;
  perform workflow.end_waits(v_timers, array[p_copy]);
  return true;
end $$;

-- What a test run came to, under the ids of the execution it was played for. One that has not ended by itself
-- fails: its time was over, or it waits for what only a live execution gets. Where time is over, the step
-- that was cut short has failed for nothing else.
create function workflow.capture_test(p_copy uuid, p_is_late boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_real uuid := (select copy_of from workflow.test_runs where execution_id = p_copy);
begin
  update public.workflow_executions
    set status = 'failed', finished_at = clock_timestamp(), error = case when p_is_late then workflow.test_too_long()
      else '{"code": "test_stuck", "retryable": false, "message": "The test run waits for something that does not come in a test.",
        "hint": "Give the step it waits in a mock, or start the workflow live."}' end
    where id = p_copy and (finished_at is null or (p_is_late and status = 'failed'));
  if found then
    perform workflow.clear_executions(array[p_copy]);
  end if;
  return (
    select jsonb_build_object('status', e.status, 'output', e.output, 'error', e.error, 'steps_done', e.steps_done,
      'started_at', e.started_at, 'finished_at', e.finished_at,
      'steps', (
        select jsonb_agg(to_jsonb(s) || jsonb_build_object('execution_id', v_real,
          'scope_id', case s.scope_id when p_copy then v_real else s.scope_id end) order by s.id)
        from public.workflow_execution_steps s where s.execution_id = p_copy))
    from public.workflow_executions e where e.id = p_copy);
end $$;

create function workflow.test_too_long() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object('code', 'test_too_long', 'retryable', false,
      'message', format('The test run did not end within %s s.', extract(epoch from max_test_time)::real),
      'hint', 'Give it fewer items, or mocks for what takes long.')
    from workflow.settings);
end $$;

-- Writes what a test run came to, if it is still wanted. The revision grows by two, which tells clients that
-- they have missed something: they read the rows, instead of one message carrying all of them. Returns
-- whether another test run waits.
create function workflow.finish_test(p_execution uuid, p_token uuid, p_result jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_execution public.workflow_executions;
begin
  select * into v_execution from public.workflow_executions where id = p_execution for no key update;
  delete from workflow.test_runs where execution_id = p_execution and token = p_token;
  if found and v_execution.status = 'running' then
    insert into public.workflow_execution_steps
      select (jsonb_populate_record(null::public.workflow_execution_steps,
        s || jsonb_build_object('min_role', v_execution.min_role))).*
      from jsonb_array_elements(p_result -> 'steps') s;
    update public.workflow_executions
      set status = p_result ->> 'status', output = nullif(p_result -> 'output', 'null'),
          error = case p_result ->> 'status' when 'failed' then coalesce(nullif(p_result -> 'error', 'null'), workflow.test_too_long()) end,
          steps_done = coalesce((p_result -> 'steps_done')::int, 0),
          started_at = coalesce((p_result ->> 'started_at')::timestamptz, started_at),
          finished_at = coalesce((p_result ->> 'finished_at')::timestamptz, clock_timestamp()), revision = revision + 2
      where id = p_execution;
    perform workflow.broadcast(array[p_execution], '{}', true);
  end if;
  return workflow.has_waiting_tests();
end $$;

-- Test runs whose workers were lost: another worker is called, unless it was too many. Rows that nobody
-- needs any more go. Returns how many wait.
create function workflow.sweep_tests() returns int
language plpgsql set search_path = '' as $$
declare
  v_run workflow.test_runs;
  v_waiting int;
begin
  delete from workflow.test_runs t where t.expires_at <= clock_timestamp()
    and not exists (select from public.workflow_executions e where e.id = t.execution_id and e.status = 'running');
  for v_run in
    select t.* from workflow.test_runs t, workflow.settings c
      where t.expires_at <= clock_timestamp() and t.deliveries >= c.max_deliveries
  loop
    perform workflow.finish_test(v_run.execution_id, v_run.token, jsonb_build_object('status', 'failed',
      'error', jsonb_build_object('code', 'worker_lost', 'retryable', false,
        'message', format('The worker was lost %s times while it played this test run.', v_run.deliveries),
        'hint', 'Look for a crash, or for memory or CPU limits, in the logs of the worker function.')));
  end loop;
  select count(*) into v_waiting from workflow.test_runs where expires_at <= clock_timestamp();
  if v_waiting > 0 then
    perform workflow.call_worker('{"test": true}');
  end if;
  return v_waiting;
end $$;
