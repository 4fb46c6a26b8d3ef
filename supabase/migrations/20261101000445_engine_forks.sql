-- Forks: a loop or a parallel opens a strand for each of its children and waits for them.
--
--   container (waiting)  ──▶  fork  ──▶  child step run + strand, child step run + strand, …
--          ▲                                                                     │
--          └── join: all that count have ended; the rest is cancelled ◀──────────┘
--
-- A child is a step run of type `iteration` or `branch`; its strand has the child's id. A loop opens as
-- many as may run at a time, the next when one ends.

-- Outcomes that fork: their strands wait, their children begin.
create function workflow.fork_strands(p_outcomes workflow.outcome[], p_take text, p_slot int,
  out finished uuid[], out touched uuid[], out leased uuid[])
language plpgsql set search_path = '' as $$
declare
  v_outcome workflow.outcome;
  v_advanced record;
  v_next record;
begin
  finished := '{}';
  touched := '{}';
  leased := '{}';
  insert into workflow.forks (strand_id, step_id, concurrency, collect, total, needed, tolerated)
    select st.id, st.step_id, coalesce((o.fork -> 'concurrency')::int, n.total), coalesce((o.fork -> 'collect')::boolean, true),
      n.total, coalesce((o.fork -> 'wait')::int, n.total),
      case when (o.fork -> 'continue_on_error')::boolean then n.total
           else n.total - coalesce((o.fork -> 'wait')::int, n.total) end
    from unnest(p_outcomes) o
    join workflow.strands st on st.id = o.strand_id
    join workflow.plan_steps p on p.workflow_id = st.workflow_id and p.version = st.version and p.path = st.path,
    lateral (select case p.type when 'loop' then jsonb_array_length(o.input -> 'items')
                    else (select count(*)::int from jsonb_object_keys(p.branches)) end as total) n
    where o.fork is not null;
  perform workflow.suspend_strands(array(select o.strand_id from unnest(p_outcomes) o where o.fork is not null));
  foreach v_outcome in array p_outcomes loop
    if v_outcome.fork is not null then
      v_advanced := workflow.advance_fork(v_outcome.strand_id, null,
        case p_take when 'claim' then (1, p_slot, v_outcome.carried + 1)::workflow.grip end);
      leased := leased || v_advanced.leased;
      v_next := workflow.resume_moves(v_advanced.moves);
      finished := finished || v_advanced.finished || v_next.finished;
      touched := touched || v_advanced.touched || v_next.touched;
    end if;
  end loop;
end $$;

-- Children that have ended: their step runs end, their strands go, and their containers go on as far as
-- that lets them. `moves` are those of the containers' strands.
create function workflow.join_children(p_moves workflow.move[], p_take text, p_slot int,
  out moves workflow.move[], out finished uuid[], out touched uuid[], out leased uuid[])
language plpgsql set search_path = '' as $$
declare
  v_joined record;
  v_advanced record;
begin
  moves := '{}';
  touched := '{}';
  leased := '{}';
  with ended as (
    update public.workflow_execution_steps c
      set status = case when m.error is null then 'succeeded' else 'failed' end, finished_at = clock_timestamp(),
          output = case when m.error is null then workflow.output_of(st, m.closes) end, error = m.error
      from unnest(p_moves) m join workflow.strands st on st.id = m.strand_id
      where c.id = st.id
      returning c.id
  )
  select coalesce(array_agg(id), '{}') into finished from ended;
  for v_joined in
    select st.scopes[cardinality(st.scopes) - 1] as strand_id, array_agg(st.id) as children,
      array_agg(st.msg_id) filter (where st.msg_id is not null) as messages,
      count(*) filter (where m.error is null)::int as succeeded, count(m.error)::int as failed,
      (array_agg(m.error order by st.id) filter (where m.error is not null))[1] as error,
      case p_take when 'claim' then (count(l), p_slot, max(l.carried) + 1)::workflow.grip end as grip
    from unnest(p_moves) m join workflow.strands st on st.id = m.strand_id
    left join workflow.leases l on l.strand_id = st.id
    group by 1
  loop
    delete from workflow.strands where id = any (v_joined.children);
    perform workflow.drop_messages(v_joined.messages);
    update workflow.forks set succeeded = succeeded + v_joined.succeeded, failed = failed + v_joined.failed
      where strand_id = v_joined.strand_id;
    v_advanced := workflow.advance_fork(v_joined.strand_id, v_joined.error, v_joined.grip);
    leased := leased || v_advanced.leased;
    moves := moves || v_advanced.moves;
    finished := finished || v_advanced.finished;
    touched := touched || v_advanced.touched;
  end loop;
end $$;

-- Takes a fork as far as it goes: opens children, or lets its container succeed or fail with the error of
-- the child that was one too many. `moves`: where the container's strand goes, if it goes.
create function workflow.advance_fork(p_strand uuid, p_error jsonb, p_grip workflow.grip,
  out moves workflow.move[], out finished uuid[], out touched uuid[], out leased uuid[])
language plpgsql set search_path = '' as $$
declare
  v_fork workflow.forks;
  v_opened record;
begin
  moves := '{}';
  finished := '{}';
  touched := '{}';
  leased := '{}';
  loop
    select * into v_fork from workflow.forks where strand_id = p_strand;
    if not found then
      return;
    elsif v_fork.succeeded >= v_fork.needed
      or (v_fork.succeeded + v_fork.failed = v_fork.total and v_fork.failed <= v_fork.tolerated) then
      touched := touched || workflow.close_fork(v_fork);
      moves := workflow.succeed_fork(v_fork);
      finished := finished || v_fork.step_id;
      return;
    elsif v_fork.failed > v_fork.tolerated or (p_error -> 'terminal')::boolean then
      touched := touched || workflow.close_fork(v_fork);
      moves := array[workflow.fail_container(v_fork, p_error)];
      finished := finished || v_fork.step_id;
      return;
    elsif v_fork.opened = v_fork.total
      or v_fork.opened - v_fork.succeeded - v_fork.failed >= v_fork.concurrency then
      return;
    end if;
    v_opened := workflow.open_children(v_fork, p_grip);
    finished := finished || v_opened.finished;
    touched := touched || v_opened.touched;
    leased := leased || v_opened.leased;
    p_grip.count := p_grip.count - cardinality(v_opened.leased);
  end loop;
end $$;

-- Opens as many children as may run: a step run that holds the item, a strand, its first step run and a
-- message each. A branch without steps has succeeded at once. The caller's grip takes the first of them past
-- the queue: an item then costs neither reading a message nor a claim.
create function workflow.open_children(p_fork workflow.forks, p_grip workflow.grip,
  out finished uuid[], out touched uuid[], out leased uuid[])
language plpgsql set search_path = '' as $$
declare
  v_hidden int := workflow.hidden_seconds();
  v_hidden_until timestamptz := clock_timestamp() + make_interval(secs => v_hidden);
  v_strand workflow.strands;
  v_plan workflow.plan_steps;
  v_items jsonb;
  v_names text[];
  v_last int := least(p_fork.total, p_fork.succeeded + p_fork.failed + p_fork.concurrency) - 1;
begin
  select * into v_strand from workflow.strands where id = p_fork.strand_id;
  select * into v_plan from workflow.plan_steps
    where workflow_id = v_strand.workflow_id and version = v_strand.version and path = v_strand.path;
  if v_plan.type = 'loop' then
    select input -> 'items' into v_items from public.workflow_execution_steps where id = p_fork.step_id;
  else
    v_names := array(select jsonb_object_keys(v_plan.branches));
  end if;
  with child as materialized (
    select workflow.new_id() as id, n as index, c.path, c.step_id, c.type,
      b.path as body, b.step_id as body_step_id, b.type as body_type
    from generate_series(p_fork.opened, v_last) n
    join workflow.plan_steps c on c.workflow_id = v_plan.workflow_id and c.version = v_plan.version
      and c.path = v_plan.branches ->> case v_plan.type when 'loop' then 'item' else v_names[n + 1] end
    left join workflow.plan_steps b on b.workflow_id = c.workflow_id and b.version = c.version
      and b.path = c.branches ->> 'body'
    order by n
  ), opened as (
    insert into public.workflow_execution_steps (id, execution_id, organization_id, min_role, scope_id, path, step_id,
        iteration, type, status, input, started_at, finished_at)
      select id, v_strand.execution_id, v_strand.organization_id, v_strand.min_role, v_strand.id, path, step_id,
        case type when 'iteration' then index else 0 end, type,
        case when body is null then 'succeeded' else 'waiting' end,
        case type when 'iteration' then jsonb_build_object('item', v_items -> index, 'index', index) end,
        clock_timestamp(), case when body is null then clock_timestamp() end
      from child
  ), first as materialized (
    select workflow.new_id() as id, c.id as strand_id, c.body, c.body_step_id, c.body_type,
      coalesce(row_number() over (order by c.id) <= p_grip.count, false) as is_taken
    from child c where c.body is not null order by c.id
  ), begun as (
    insert into public.workflow_execution_steps
        (id, execution_id, organization_id, min_role, scope_id, path, step_id, type, status, started_at)
      select id, v_strand.execution_id, v_strand.organization_id, v_strand.min_role, strand_id, body, body_step_id, body_type,
        case when is_taken then 'running' else 'queued' end, case when is_taken then clock_timestamp() end
      from first
  ), message as (
    select m.strand_id, m.msg_id
    from (select array_agg(strand_id) as strands, is_taken from first group by is_taken) a,
    lateral workflow.send_messages(a.strands, array_fill(v_strand.organization_id, array[cardinality(a.strands)]),
      case when a.is_taken then v_hidden else 0 end) m
  ), stranded as (
    insert into workflow.strands (id, execution_id, organization_id, min_role, workflow_id, version, step_id, path,
        scopes, msg_id)
      select f.strand_id, v_strand.execution_id, v_strand.organization_id, v_strand.min_role, v_strand.workflow_id,
        v_strand.version, f.id, f.body, v_strand.scopes || f.strand_id, m.msg_id
      from first f join message m on m.strand_id = f.strand_id
  )
  select coalesce(array_agg(c.id) filter (where c.body is null), '{}'),
      coalesce(array_agg(c.id) filter (where c.body is not null), '{}') || array(select f.id from first f),
      array(select f.strand_id from first f where f.is_taken)
    into finished, touched, leased from child c;
  if cardinality(leased) > 0 then
    perform workflow.lease_strands(leased, p_grip.slot, v_hidden_until, p_grip.carried);
  end if;
  update workflow.forks set opened = v_last + 1, succeeded = succeeded + cardinality(finished)
    where strand_id = p_fork.strand_id;
end $$;

-- Ends a fork: what still runs is cancelled, its timer goes. Returns the step runs that were cancelled.
create function workflow.close_fork(p_fork workflow.forks) returns uuid[]
language plpgsql set search_path = '' as $$
begin
  delete from workflow.forks where strand_id = p_fork.strand_id;
  delete from workflow.timers where strand_id = p_fork.strand_id and step_id = p_fork.step_id;
  return workflow.cancel_strands(array(
    select s.id from workflow.strands st join workflow.strands s on s.execution_id = st.execution_id
      where st.id = p_fork.strand_id and s.id <> st.id and st.id = any (s.scopes)));
end $$;

-- Cancels strands inside a running execution, with all that hangs on them. A strand whose worker is inside
-- a database action is only marked: its outcome will be refused, then its worker clears it away.
-- Returns the step runs that were cancelled.
create function workflow.cancel_strands(p_strands uuid[]) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_executions uuid[];
  v_messages bigint[];
  v_steps uuid[];
begin
  if cardinality(p_strands) = 0 then
    return '{}';
  end if;
  v_executions := array(select distinct execution_id from workflow.strands where id = any (p_strands));
  with held as (
    select l.strand_id from workflow.leases l where l.strand_id = any (p_strands) for update of l skip locked
  ), gone as (
    delete from workflow.strands s
      where s.id = any (p_strands)
        and (s.id in (select strand_id from held)
             or not exists (select from workflow.leases l where l.strand_id = s.id))
      returning s.msg_id
  )
  select array_agg(msg_id) into v_messages from gone where msg_id is not null;
  perform workflow.drop_messages(v_messages);
  update workflow.strands set cancelled = true where id = any (p_strands) and not cancelled;
  with cancelled as (
    update public.workflow_execution_steps s set status = 'cancelled', finished_at = clock_timestamp()
      where s.execution_id = any (v_executions) and s.finished_at is null
        and (s.id = any (p_strands) or s.scope_id = any (p_strands))
        and not exists (select from workflow.strands st where st.execution_id = s.execution_id and st.step_id = s.id)
      returning s.id
  )
  select coalesce(array_agg(id), '{}') into v_steps from cancelled;
  perform workflow.withdraw_approvals(v_executions);
  return v_steps;
end $$;

-- A container that has what it waited for: its output is put together once, at the end.
create function workflow.succeed_fork(p_fork workflow.forks) returns workflow.move[]
language plpgsql set search_path = '' as $$
declare
  v_output jsonb := workflow.collect_outputs(p_fork);
begin
  if octet_length(v_output::text) > 1048576 then
    return array[workflow.fail_container(p_fork, jsonb_build_object('code', 'output_too_large', 'retryable', false,
      'message', 'The outputs of the iterations or branches are more than 1 MB together.',
      'hint', 'Set collect to false, or end each with a step whose output is small.'))];
  end if;
  update public.workflow_execution_steps set status = 'succeeded', finished_at = clock_timestamp(), output = v_output
    where id = p_fork.step_id;
  return workflow.moves_after(array[p_fork.strand_id]);
end $$;

-- Of a loop { count, succeeded, failed, items }, of a parallel each branch's output by its name.
create function workflow.collect_outputs(p_fork workflow.forks) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_container public.workflow_execution_steps;
  v_collected jsonb;
begin
  select * into v_container from public.workflow_execution_steps where id = p_fork.step_id;
  if v_container.type = 'parallel' then
    return (
      select jsonb_object_agg(substr(s.path, length(v_container.path) + 2), s.output)
      from public.workflow_execution_steps s
      where s.execution_id = v_container.execution_id and s.scope_id = p_fork.strand_id and s.type = 'branch'
        and starts_with(s.path, v_container.path || '.'));
  end if;
  v_collected := jsonb_build_object('count', p_fork.total, 'succeeded', p_fork.succeeded, 'failed', p_fork.failed);
  if p_fork.collect then
    v_collected := v_collected || jsonb_build_object('items', (
      select coalesce(jsonb_agg(s.output order by s.iteration), '[]')
      from public.workflow_execution_steps s
      where s.execution_id = v_container.execution_id and s.scope_id = p_fork.strand_id
        and s.path = v_container.path || '.item'));
  end if;
  return v_collected;
end $$;

-- A container fails like any step: its own onError, that of one around it, or the end of its strand.
create function workflow.fail_container(p_fork workflow.forks, p_error jsonb) returns workflow.move
language plpgsql set search_path = '' as $$
declare
  v_outcome workflow.outcome;
begin
  v_outcome.strand_id := p_fork.strand_id;
  v_outcome.step_run_id := p_fork.step_id;
  v_outcome.status := 'failed';
  v_outcome.error := p_error || '{"retryable": false}';
  return workflow.fail_step(v_outcome);
end $$;
