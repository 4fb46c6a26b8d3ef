-- Claiming: turns ready messages into leased steps and tells the worker all it needs to run them.

-- What a worker gets for each leased strand: who and where it is, and the outcomes its step reads,
-- and no others, so that a step costs the same in the first and in the ten-thousandth iteration.
create function workflow.describe_claims(p_strands uuid[]) returns json
language plpgsql stable set search_path = '' as $$
declare
  v_now timestamptz := workflow.now();
begin
  return (
    select coalesce(json_agg(json_build_object(
        'step_run_id', l.step_id, 'token', l.token, 'strand_id', s.id, 'slot', l.slot, 'expires_at', l.expires_at,
        'execution_id', e.id, 'workflow_id', s.workflow_id, 'workflow_version', s.version,
        'organization_id', s.organization_id, 'mode', e.mode, 'created_at', e.created_at, 'created_by', e.created_by,
        'path', s.path, 'attempt', st.attempt, 'deliveries', s.deliveries,
        'timeout_ms', extract(epoch from coalesce(p.timeout, c.default_timeout)) * 1000,
        'trigger', case when 'trigger' = any (p.roots) then e.trigger end,
        'input', case when 'input' = any (p.roots) then e.input end,
        'error', case when 'error' <> all (p.roots) then null when p.error_path is null then e.error else (
          select r.error from public.workflow_execution_steps r where r.execution_id = e.id
            and r.scope_id = s.scopes[p.error_depth + 1] and r.path = p.error_path and r.iteration = 0) end,
        'steps', case when p.read_paths = '{}' then '{}' else (
          select coalesce(json_object_agg(r.step_id, json_build_object('status', r.status, 'output', r.output, 'error', r.error)), '{}')
          from unnest(p.read_paths, p.read_depths) q(path, depth)
          join public.workflow_execution_steps r
            on r.execution_id = e.id and r.scope_id = s.scopes[q.depth + 1] and r.path = q.path and r.iteration = 0) end,
        'items', case when 'loop' = any (p.roots) then (
          select json_agg(r.input order by x.depth)
          from unnest(s.scopes[2:]) with ordinality x(id, depth)
          left join public.workflow_execution_steps r on r.id = x.id) end,
        'now', v_now
      ) order by l.msg_id), '[]')
    from unnest(p_strands) ids(id)
    join workflow.strands s on s.id = ids.id
    join workflow.leases l on l.strand_id = s.id
    join public.workflow_execution_steps st on st.id = l.step_id
    join public.workflow_executions e on e.id = s.execution_id
    join workflow.plan_steps p on p.workflow_id = s.workflow_id and p.version = s.version and p.path = s.path
    cross join workflow.settings c);
end $$;

-- Puts the current steps of strands into a worker's hands, with a fresh token each. Their messages are hidden
-- until p_hidden_until; longer leases move them.
create function workflow.lease_strands(p_strands uuid[], p_slot int, p_hidden_until timestamptz, p_carried int default 0)
returns void
language plpgsql set search_path = '' as $$
declare
  v_late uuid[];
begin
  with leased as (
    insert into workflow.leases as l (strand_id, execution_id, step_id, token, slot, msg_id, expires_at,
        hidden_until, carried)
      select s.id, s.execution_id, s.step_id, gen_random_uuid(), p_slot, s.msg_id, x.expires_at,
        case when x.expires_at > p_hidden_until then x.expires_at + c.hidden_margin else p_hidden_until end,
        p_carried
      from unnest(p_strands) ids(id)
      join workflow.strands s on s.id = ids.id
      join workflow.plan_steps p on p.workflow_id = s.workflow_id and p.version = s.version and p.path = s.path
      cross join workflow.settings c,
      lateral (select clock_timestamp() + coalesce(p.timeout, c.default_timeout) + c.lease_grace as expires_at) x
      on conflict (strand_id) do update
        set step_id = excluded.step_id, token = excluded.token, slot = excluded.slot, msg_id = excluded.msg_id,
            expires_at = excluded.expires_at, hidden_until = excluded.hidden_until, carried = excluded.carried
      returning strand_id, hidden_until
  )
  select array_agg(strand_id) into v_late from leased where hidden_until > p_hidden_until;
  if v_late is not null then
    perform workflow.hide_messages(v_late);
  end if;
end $$;

-- For how long the messages of leased strands are hidden at first: as long as most leases last, because moving
-- each once more took a fifth of a claim.
create function workflow.hidden_seconds() returns int
language plpgsql stable set search_path = '' as $$
begin
  return (
    select ceil(extract(epoch from default_timeout + lease_grace + hidden_margin)) from workflow.settings);
end $$;

-- Hides the messages of leased strands as long as their leases say.
create function workflow.hide_messages(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  perform workflow.set_visible(l.msg_id, ceil(extract(epoch from l.hidden_until - clock_timestamp()))::int)
    from workflow.leases l where l.strand_id = any (p_strands);
end $$;

-- Leases that ran out: their messages become visible, so that the next claim finds the steps.
create function workflow.recover_leases() returns int
language plpgsql set search_path = '' as $$
declare
  v_messages bigint[];
begin
  if not exists (select from workflow.leases where expires_at <= clock_timestamp()) then
    return 0;
  end if;
  select array_agg(msg_id) into v_messages from (
    select l.msg_id from workflow.leases l where l.expires_at <= clock_timestamp() for update skip locked) lost;
  perform workflow.set_visible(m, 0) from unnest(v_messages) m;
  return coalesce(cardinality(v_messages), 0);
end $$;

-- Claims up to p_limit ready steps for a chain of invocations. Executions and leases that somebody
-- else has locked are skipped: a claim that waited for them while it holds messages could deadlock
-- with a completion that holds the execution and wants the message.
create function workflow.claim_steps(p_limit int default 1, p_slot int default null) returns json
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_messages bigint[];
  v_strands uuid[];
  v_executions uuid[];
  v_steps uuid[];
  v_claimed uuid[];
  v_hidden int := workflow.hidden_seconds();
  v_hidden_until timestamptz := clock_timestamp() + make_interval(secs => v_hidden);
begin
  perform workflow.fire_timers(), workflow.settle_awaited(), workflow.recover_leases();
  select r.messages, r.strands into v_messages, v_strands from workflow.read_messages(p_limit, v_hidden) r;
  if cardinality(v_messages) = 0 and workflow.admit_lanes() > 0 then
    select r.messages, r.strands into v_messages, v_strands from workflow.read_messages(p_limit, v_hidden) r;
  end if;
  if cardinality(v_messages) = 0 then
    return '[]';
  end if;
  v_executions := workflow.lock_executions(
    array(select s.execution_id from workflow.strands s where s.id = any (v_strands)));
  v_claimed := workflow.take_strands(v_messages, v_strands, v_executions);
  perform workflow.sort_unclaimed(v_messages, v_strands, v_claimed, v_executions);
  if cardinality(v_claimed) = 0 then
    return '[]';
  end if;
  v_steps := array(select step_id from workflow.strands where id = any (v_claimed));
  v_executions := array(select distinct execution_id from workflow.strands where id = any (v_claimed));
  update public.workflow_execution_steps set status = 'running', started_at = clock_timestamp()
    where id = any (v_steps);
  perform workflow.lease_strands(v_claimed, p_slot, v_hidden_until);
  perform workflow.end_poisoned(v_claimed);
  update public.workflow_executions set revision = revision + 1 where id = any (v_executions);
  perform workflow.broadcast(v_executions, v_steps, false);
  return workflow.describe_claims(v_claimed);
end $$;

-- Locks live executions without waiting for any; returns those it got.
create function workflow.lock_executions(p_executions uuid[]) returns uuid[]
language plpgsql set search_path = '' as $$
begin
  return (
    select coalesce(array_agg(id), '{}') from (
      select e.id from public.workflow_executions e
        where e.id = any (p_executions) and e.status in ('running', 'waiting')
        order by e.id for no key update skip locked) locked);
end $$;

-- The strands among those read that can be claimed. A ready strand adopts the message that reached
-- it; a strand whose lease ran out has lost a delivery, and is left alone while its worker is still
-- inside a transaction. A step that has lost a lease is claimed alone: should it be what kills workers,
-- it takes no other step with it.
create function workflow.take_strands(p_messages bigint[], p_strands uuid[], p_executions uuid[]) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_lost uuid[];
  v_alone uuid;
  v_claimed uuid[];
begin
  v_lost := array(
    select l.strand_id from workflow.leases l join unnest(p_messages, p_strands) r(msg_id, strand_id)
      on r.strand_id = l.strand_id
      where l.expires_at <= clock_timestamp() for update of l skip locked);
  select s.id into v_alone from workflow.strands s
    where s.id = any (p_strands) and (s.id = any (v_lost) or s.deliveries > 0) and s.execution_id = any (p_executions)
    order by s.id limit 1;
  with read as (
    select distinct on (strand_id) * from unnest(p_messages, p_strands) r(msg_id, strand_id)
      where v_alone is null or strand_id = v_alone
      order by strand_id, msg_id
  ), claimed as (
    update workflow.strands s
      set msg_id = r.msg_id, deliveries = s.deliveries + (s.id = any (v_lost))::int
      from read r
      where s.id = r.strand_id and s.execution_id = any (p_executions) and not s.waiting and not s.cancelled and not s.interrupted
        and (s.id = any (v_lost) or not exists (select from workflow.leases l where l.strand_id = s.id))
      returning s.id
  )
  select coalesce(array_agg(id), '{}') into v_claimed from claimed;
  return v_claimed;
end $$;

-- Messages read but not claimed. Those that carry nothing any more go: their strand ended, waits, or is
-- carried by another message. What an ended execution left to a worker that never came back is cleared.
-- The rest become visible again, after a second where somebody holds execution or lease.
create function workflow.sort_unclaimed(p_messages bigint[], p_strands uuid[], p_claimed uuid[], p_executions uuid[])
returns void
language plpgsql set search_path = '' as $$
declare
  v_gone bigint[];
begin
  if cardinality(p_claimed) = cardinality(p_messages) then
    return;
  end if;
  select array_agg(r.msg_id) into v_gone
    from unnest(p_messages, p_strands) r(msg_id, strand_id)
    left join workflow.strands s on s.id = r.strand_id
    where s.id is null or s.waiting or s.msg_id <> r.msg_id;
  perform workflow.drop_messages(v_gone);
  perform workflow.set_visible(r.msg_id, case
      when s.execution_id = any (p_executions) and not exists (select from workflow.leases l where l.strand_id = s.id)
      then 0 else 1 end)
    from unnest(p_messages, p_strands) r(msg_id, strand_id)
    join workflow.strands s on s.id = r.strand_id
    where s.id <> all (p_claimed) and not s.waiting and s.msg_id = r.msg_id;
  perform workflow.clear_ended(p_strands);
end $$;

-- Clears what ended executions and cancelled branches have left to a worker that gave up or was lost.
create function workflow.clear_ended(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_ended uuid[];
  v_steps uuid[];
begin
  select array_agg(id) into v_ended from (
    select e.id from public.workflow_executions e
      where e.id in (select s.execution_id from workflow.strands s where s.id = any (p_strands))
        and (e.status in ('succeeded', 'failed', 'cancelled')
             or exists (select from workflow.strands s
                        where s.execution_id = e.id and s.id = any (p_strands) and s.cancelled))
      order by e.id for no key update skip locked) ended;
  if v_ended is null then
    return;
  end if;
  v_steps := workflow.cancel_strands(array(
    select s.id from workflow.strands s join public.workflow_executions e on e.id = s.execution_id
      where e.id = any (v_ended) and s.id = any (p_strands)
        and (s.cancelled or e.status in ('succeeded', 'failed', 'cancelled'))));
  perform workflow.admit_after(v_ended);
  if cardinality(v_steps) > 0 then
    update public.workflow_executions set revision = revision + 1 where id = any (v_ended);
    perform workflow.broadcast(v_ended, v_steps, false);
  end if;
end $$;

-- A step whose lease was lost too often would take down one worker after another: it fails.
create function workflow.end_poisoned(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_outcomes jsonb;
begin
  select jsonb_agg(jsonb_build_object('strand_id', s.id, 'step_run_id', l.step_id, 'token', l.token,
      'status', 'failed',
      'error', jsonb_build_object('code', 'worker_lost', 'retryable', false,
        'message', format('The worker was lost %s times while it ran this step.', s.deliveries),
        'hint', 'Look for a crash, or for memory or CPU limits, in the logs of the worker function.')))
    into v_outcomes
    from workflow.strands s join workflow.leases l on l.strand_id = s.id, workflow.settings c
    where s.id = any (p_strands) and s.deliveries >= c.max_deliveries;
  if v_outcomes is not null then
    perform workflow.complete_steps(v_outcomes, 'queue');
  end if;
end $$;

-- Gives back claims that were never started: visible at once, and no lost lease is counted.
-- Each element: { strand_id, token }. Returns how many were still held.
create function workflow.give_back(p_claims jsonb) returns int
language plpgsql set search_path = '' as $$
declare
  v_executions uuid[];
  v_strands uuid[];
  v_steps uuid[];
begin
  v_executions := workflow.lock_executions(array(
    select s.execution_id from jsonb_to_recordset(p_claims) c(strand_id uuid)
      join workflow.strands s on s.id = c.strand_id));
  select array_agg(l.strand_id), array_agg(l.step_id) into v_strands, v_steps
    from jsonb_to_recordset(p_claims) c(strand_id uuid, token uuid)
    join workflow.leases l on l.strand_id = c.strand_id and l.token = c.token
    where l.execution_id = any (v_executions);
  if v_strands is null then
    return 0;
  end if;
  update public.workflow_execution_steps set status = 'queued' where id = any (v_steps) and status = 'running';
  perform workflow.requeue_strands(v_strands);
  v_executions := array(select distinct execution_id from workflow.strands where id = any (v_strands));
  update public.workflow_executions set revision = revision + 1 where id = any (v_executions);
  perform workflow.broadcast(v_executions, v_steps, false);
  return cardinality(v_strands);
end $$;
