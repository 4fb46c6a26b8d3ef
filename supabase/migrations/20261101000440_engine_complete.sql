-- Completing: a reported outcome becomes the step's status, and the plan says what follows.
--
-- Functions here are PL/pgSQL throughout, because it keeps their plans: Postgres plans a function in
-- language sql anew at every call, which took ten times as long as running it. The entry points force
-- generic plans of nested index look-ups. Left to itself Postgres plans array parameters anew at each
-- call, and keeps plans made while the tables were small: a set of 20 then took 79 ms instead of 9
-- after 12,000 steps.
--
-- complete_steps, in the file of outcomes, is the only door to what is here.

-- A reported outcome with what the plan makes of it: `status` is what its step run becomes, `target`
-- the step that follows, `closes` the containers that end with it, `time_limit` how long what it has begun
-- may take. A failed one is resolved apart.
create type workflow.outcome as (
  strand_id uuid, execution_id uuid, step_run_id uuid, status text, input jsonb, output jsonb, error jsonb,
  until timestamptz, fork jsonb, approval jsonb, awaits uuid, target text, closes text[], time_limit interval, carried int
);

-- Where a strand goes from the step it is on. `target` null: the strand ends. `failed`: step runs of
-- containers that have failed with it. `error`: the strand ends because of it.
create type workflow.move as (strand_id uuid, step_id uuid, target text, closes text[], failed uuid[], error jsonb);

-- Locks what the outcomes belong to, executions by id and then their leases, and resolves them in the
-- plan; refuses all when one is stale. A lease that is locked is in the hands of another transaction
-- with the same claim: that one will tell. A container whose branch is not empty waits for it.
create function workflow.resolve_outcomes(p_outcomes jsonb) returns workflow.outcome[]
language plpgsql set search_path = '' as $$
declare
  v_outcomes workflow.outcome[];
begin
  select array_agg(row (h.strand_id, h.execution_id, h.step_run_id,
      case when p.branches ->> h.branch is not null then 'waiting' else h.status end,
      h.input, h.output, h.error, h.until, h.fork, h.approval, h.awaits, coalesce(p.branches ->> h.branch, p.next),
      case when p.branches ->> h.branch is not null then '{}' else p.closes end,
      case when p.branches ->> h.branch is not null or h.fork is not null or h.awaits is not null then p.timer end,
      h.carried)::workflow.outcome)
    into v_outcomes
    from (
      select o.*, s.execution_id, s.workflow_id, s.version, s.path, l.carried
      from jsonb_to_recordset(p_outcomes) o(strand_id uuid, step_run_id uuid, token uuid, status text, input jsonb,
        output jsonb, error jsonb, branch text, until timestamptz, fork jsonb, approval jsonb, awaits uuid)
      join workflow.leases l on l.strand_id = o.strand_id and l.step_id = o.step_run_id and l.token = o.token
      join workflow.strands s on s.id = o.strand_id and not s.cancelled and not s.interrupted
      join public.workflow_executions e on e.id = s.execution_id and e.status in ('running', 'waiting')
      order by e.id
      for no key update of e, s for update of l skip locked) h
    join workflow.plan_steps p on p.workflow_id = h.workflow_id and p.version = h.version and p.path = h.path;
  if cardinality(v_outcomes) is distinct from jsonb_array_length(p_outcomes) then
    perform workflow.refuse('stale_claim', 'The claim is no longer held: its lease was lost or its execution has ended.',
      'Roll back what the step did; whoever holds the claim now reports the outcome.');
  end if;
  return v_outcomes;
end $$;

-- Writes outcomes that are no failures into their step runs.
create function workflow.record_outcomes(p_outcomes workflow.outcome[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.workflow_execution_steps s
    set status = o.status, input = coalesce(o.input, s.input), output = o.output, error = null,
        finished_at = case when o.status <> 'waiting' then clock_timestamp() end
    from unnest(p_outcomes) o
    where s.id = o.step_run_id and o.status <> 'failed';
end $$;

-- Ends the containers that end together with a step, and returns them.
create function workflow.close_containers(p_moves workflow.move[]) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_result uuid[];
begin
  with closed as (
    update public.workflow_execution_steps s set status = 'succeeded', finished_at = clock_timestamp()
      from unnest(p_moves) m join workflow.strands st on st.id = m.strand_id
      where s.execution_id = st.execution_id and s.scope_id = st.id and s.iteration = 0
        and s.path = any (m.closes) and s.status = 'waiting'
      returning s.id, s.scope_id
  ), in_time as (
    delete from workflow.timers t using closed c where t.strand_id = c.scope_id and t.step_id = c.id
  )
  select coalesce(array_agg(id), '{}') into v_result from closed;
  return v_result;
end $$;

-- A failed step whose catch branch has ended stays failed and takes the branch's last output: that of the
-- container that closes just before it, or of the step itself. From the inside out, one after the other.
create function workflow.fill_handled(p_moves workflow.move[]) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_filled uuid[];
  v_result uuid[] := '{}';
begin
  for v_place in 1 .. (select max(cardinality(m.closes)) from unnest(p_moves) m) loop
    with filled as (
      update public.workflow_execution_steps s set output = last.output
        from unnest(p_moves) m
        join workflow.strands st on st.id = m.strand_id
        join public.workflow_execution_steps last on last.id = case v_place when 1 then m.step_id else (
          select c.id from public.workflow_execution_steps c
            where c.execution_id = st.execution_id and c.scope_id = st.id and c.iteration = 0
              and c.path = m.closes[v_place - 1]) end
        where s.execution_id = st.execution_id and s.scope_id = st.id and s.iteration = 0
          and s.path = m.closes[v_place] and s.handled and s.id <> m.step_id
        returning s.id
    )
    select coalesce(array_agg(id), '{}') into v_filled from filled;
    v_result := v_result || v_filled;
  end loop;
  return v_result;
end $$;

-- Moves strands to their successors: a new step run each, the strand points at it and, when it is
-- taken, so does the lease, under a fresh token.
create function workflow.move_strands(p_moves workflow.move[], p_take text, p_slot int) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_steps uuid[];
  v_late uuid[];
begin
  with successor as (
    select workflow.new_id() as id, st.id as strand_id, st.execution_id, st.organization_id, st.min_role,
      p.path, p.step_id, p.type, c.hidden_margin,
      clock_timestamp() + coalesce(p.timeout, c.default_timeout) + c.lease_grace as expires_at
    from unnest(p_moves) m
    join workflow.strands st on st.id = m.strand_id
    join workflow.plan_steps p on p.workflow_id = st.workflow_id and p.version = st.version and p.path = m.target
    cross join workflow.settings c
  ), inserted as (
    insert into public.workflow_execution_steps
      (id, execution_id, organization_id, min_role, scope_id, path, step_id, type, status, started_at)
      select id, execution_id, organization_id, min_role, strand_id, path, step_id, type,
        case p_take when 'claim' then 'running' else 'queued' end,
        case p_take when 'claim' then clock_timestamp() end
      from successor
  ), moved as (
    update workflow.strands s set step_id = n.id, path = n.path, deliveries = 0
      from successor n where s.id = n.strand_id
  ), leased as (
    update workflow.leases l
      set step_id = n.id, token = gen_random_uuid(), slot = p_slot, expires_at = n.expires_at, carried = l.carried + 1,
          hidden_until = case when n.expires_at > l.hidden_until
            then n.expires_at + n.hidden_margin else l.hidden_until end
      from successor n where p_take = 'claim' and l.strand_id = n.strand_id
      returning l.strand_id, l.hidden_until = n.expires_at + n.hidden_margin as is_late
  )
  select array_agg(n.id), array_agg(l.strand_id) filter (where l.is_late) into v_steps, v_late
    from successor n left join leased l on l.strand_id = n.strand_id;
  if v_late is not null then
    perform workflow.hide_messages(v_late);
  end if;
  return v_steps;
end $$;

-- A strand that waits needs no message and no lease.
create function workflow.suspend_strands(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_messages bigint[];
begin
  delete from workflow.leases where strand_id = any (p_strands);
  select array_agg(msg_id) into v_messages from workflow.strands where id = any (p_strands) and msg_id is not null;
  update workflow.strands set waiting = true, msg_id = null, deliveries = 0 where id = any (p_strands);
  perform workflow.drop_messages(v_messages);
end $$;

-- Ready for whoever claims next: the lease goes, the message is visible now.
create function workflow.requeue_strands(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  delete from workflow.leases where strand_id = any (p_strands);
  perform workflow.set_visible(msg_id, 0) from workflow.strands where id = any (p_strands) and not waiting;
end $$;

-- The same at the end of the queue: a message keeps its place for life, so each gets a new one.
create function workflow.yield_strands(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_strands uuid[] := array(select id from workflow.strands where id = any (p_strands) and not waiting);
begin
  perform workflow.suspend_strands(v_strands);
  perform workflow.resume_strands(v_strands);
end $$;

-- The output of a strand is that of the last step of its own sequence.
create function workflow.output_of(p_strand workflow.strands, p_closes text[]) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select s.output from public.workflow_execution_steps s
    where s.execution_id = p_strand.execution_id and s.scope_id = p_strand.id and s.iteration = 0
      and s.path = coalesce(p_closes[cardinality(p_closes)], p_strand.path));
end $$;

-- Main lines that have ended: the execution succeeded or, after its onFailure steps, failed.
create function workflow.end_executions(p_moves workflow.move[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.workflow_executions e
    set status = case when e.error is null then 'succeeded' else 'failed' end,
        finished_at = clock_timestamp(),
        output = case when e.error is null then workflow.output_of(st, m.closes) end
    from unnest(p_moves) m join workflow.strands st on st.id = m.strand_id
    where e.id = st.execution_id;
  perform workflow.clear_executions(array(select m.strand_id from unnest(p_moves) m));
end $$;

-- What an ended execution leaves behind: its strands with leases and timers, and their messages go;
-- steps that were not done are cancelled. A strand whose worker is inside a database action is left to
-- that worker: waiting for it here, with the execution locked, would be a deadlock.
create function workflow.clear_executions(p_executions uuid[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_messages bigint[];
begin
  with held as (
    select l.strand_id from workflow.strands s join workflow.leases l on l.strand_id = s.id
      where s.execution_id = any (p_executions) for update of l skip locked
  ), gone as (
    delete from workflow.strands s
      where s.execution_id = any (p_executions)
        and (s.id in (select strand_id from held)
             or not exists (select from workflow.leases l where l.strand_id = s.id))
      returning s.msg_id
  )
  select array_agg(msg_id) into v_messages from gone where msg_id is not null;
  perform workflow.drop_messages(v_messages);
  update public.workflow_execution_steps s set status = 'cancelled', finished_at = clock_timestamp()
    from public.workflow_executions e
    where e.id = any (p_executions) and e.status <> 'succeeded' and s.execution_id = e.id and s.finished_at is null
      and not exists (select from workflow.strands st where st.execution_id = e.id and st.step_id = s.id);
  perform workflow.withdraw_approvals(p_executions);
  perform workflow.admit_after(p_executions);
end $$;

-- What has ended makes room: the backlog of the same organisations moves up in the same commit.
create function workflow.admit_after(p_executions uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  perform workflow.signal_ended(p_executions);
  perform workflow.admit_organization(o.organization_id)
  from (select distinct organization_id from public.workflow_executions where id = any (p_executions)) o
  where exists (select from public.workflow_executions q where q.organization_id = o.organization_id and q.status = 'queued' and q.lane is null);
end $$;

-- What a worker takes of the children that are opened because of its outcomes: `count` at most, for its slot. They
-- have gone on for as many steps as those in whose place they come.
create type workflow.grip as (count int, slot int, carried int);

-- Carries out moves: containers close, strands go on or end. `finished` are the step runs that have
-- ended with them, `touched` all others that have changed, `leased` new strands in the worker's hands. Where the end of a branch or an iteration lets
-- its container go on, that strand's moves follow.
create function workflow.apply_moves(p_moves workflow.move[], p_take text, p_slot int,
  out finished uuid[], out touched uuid[], out leased uuid[])
language plpgsql set search_path = '' as $$
declare
  v_going workflow.move[];
  v_ending workflow.move[];
  v_children workflow.move[];
  v_messages workflow.move[];
  v_joined record;
  v_next record;
begin
  finished := array(select unnest(m.failed) from unnest(p_moves) m);
  touched := '{}';
  leased := '{}';
  if exists (select from unnest(p_moves) m where cardinality(m.closes) > 0) then
    finished := finished || workflow.close_containers(p_moves);
    touched := workflow.fill_handled(p_moves);
  end if;
  select array_agg(m) filter (where m.target is not null), array_agg(m) filter (where m.target is null and is_main),
      array_agg(m) filter (where m.target is null and not is_main and m.strand_id <> m.step_id),
      array_agg(m) filter (where m.strand_id = m.step_id)
    into v_going, v_ending, v_children, v_messages
    from unnest(p_moves) m, lateral (
      select exists (select from workflow.strands s where s.id = m.strand_id and s.execution_id = s.id) as is_main) x;
  if v_going is not null then
    touched := touched || workflow.move_strands(v_going, p_take, p_slot);
  end if;
  if v_ending is not null then
    perform workflow.end_executions(v_ending);
  end if;
  if v_messages is not null then
    perform workflow.end_messages(v_messages);
  end if;
  if v_children is not null then
    v_joined := workflow.join_children(v_children, p_take, p_slot);
    leased := v_joined.leased;
    v_next := workflow.resume_moves(v_joined.moves);
    finished := finished || v_joined.finished || v_next.finished;
    touched := touched || v_joined.touched || v_next.touched;
  end if;
end $$;

-- Moves of strands that have been waiting: they are queued, with a message of their own again.
create function workflow.resume_moves(p_moves workflow.move[], out finished uuid[], out touched uuid[])
language plpgsql set search_path = '' as $$
begin
  select a.finished, a.touched into finished, touched from workflow.apply_moves(p_moves, 'queue', null) a;
  perform workflow.resume_strands(array(select m.strand_id from unnest(p_moves) m where m.target is not null));
end $$;

-- Counters and revision of executions in which step runs have finished, and their status: waiting while
-- all of their strands wait.
create function workflow.settle_executions(p_executions uuid[], p_finished uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.workflow_executions e
    set revision = e.revision + 1,
        steps_done = e.steps_done + coalesce(f.count, 0),
        status = case
          when e.status not in ('running', 'waiting') then e.status
          when exists (select from workflow.strands st where st.execution_id = e.id and not st.waiting) then 'running'
          else 'waiting' end
    from unnest(p_executions) x(id)
    left join (
      select s.execution_id, count(*) from public.workflow_execution_steps s
        where s.id = any (p_finished) and s.status in ('succeeded', 'failed', 'skipped') group by s.execution_id
    ) f on f.execution_id = x.id
    where e.id = x.id;
end $$;
