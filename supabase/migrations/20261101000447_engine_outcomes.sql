-- Outcomes: what complete_steps does with a reported set. It refuses stale tokens, and in the same commit
-- moves every strand to its successor (leased again for the caller, or queued), lets it wait, or ends it.

-- The usual case, in one statement: steps that have ended well, or entered a branch, and are followed by
-- another. Step runs, strands, leases and executions change together. Returns the step runs it touched.
-- Statements start at 20 to 100 microseconds each, whatever they do: this halves the time of a step.
create function workflow.advance_steps(p_outcomes workflow.outcome[], p_slot int) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_steps uuid[];
  v_late uuid[];
begin
  with held as materialized (
    select o.strand_id, o.execution_id, o.step_run_id, o.status, o.input, o.output, st.organization_id, st.min_role,
      p.path, p.step_id, p.type, workflow.new_id() as next_id, clock_timestamp() as now,
      coalesce(p.timeout, c.default_timeout) + c.lease_grace as lease, c.hidden_margin
    from unnest(p_outcomes) o
    join workflow.strands st on st.id = o.strand_id
    join workflow.plan_steps p on p.workflow_id = st.workflow_id and p.version = st.version and p.path = o.target
    cross join workflow.settings c
  ), ended as (
    update public.workflow_execution_steps s
      set status = h.status, input = coalesce(h.input, s.input), output = h.output, error = null,
          finished_at = case when h.status <> 'waiting' then h.now end
      from held h where s.id = h.step_run_id
  ), begun as (
    insert into public.workflow_execution_steps
      (id, execution_id, organization_id, min_role, scope_id, path, step_id, type, status, created_at, started_at)
      select next_id, execution_id, organization_id, min_role, strand_id, path, step_id, type, 'running', now, now
      from held
  ), moved as (
    update workflow.strands s set step_id = h.next_id, path = h.path, deliveries = 0
      from held h where s.id = h.strand_id
  ), leased as (
    update workflow.leases l
      set step_id = h.next_id, token = gen_random_uuid(), slot = p_slot, expires_at = h.now + h.lease,
          carried = l.carried + 1,
          hidden_until = case when h.now + h.lease > l.hidden_until
            then h.now + h.lease + h.hidden_margin else l.hidden_until end
      from held h where l.strand_id = h.strand_id
      returning l.strand_id, l.hidden_until = h.now + h.lease + h.hidden_margin as is_late
  ), settled as (
    update public.workflow_executions e
      set revision = e.revision + 1, steps_done = e.steps_done + d.count
      from (select execution_id, count(*) filter (where status <> 'waiting') as count
            from held group by execution_id) d
      where e.id = d.execution_id
  )
  select array_agg(h.step_run_id) || array_agg(h.next_id),
      (select array_agg(l.strand_id) from leased l where l.is_late)
    into v_steps, v_late from held h;
  if v_late is not null then
    perform workflow.hide_messages(v_late);
  end if;
  return v_steps;
end $$;

-- Every other case: failures, waits, forks, containers that close, strands that end, successors that are
-- left to whoever claims next. Returns the strands that go on, and those of new children the caller takes.
create function workflow.settle_outcomes(p_outcomes workflow.outcome[], p_take text, p_slot int) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_moves workflow.move[];
  v_ready uuid[];
  v_applied record;
  v_forked record;
  v_executions uuid[];
  v_done uuid[];
  v_touched uuid[];
  v_leased uuid[];
begin
  if exists (select from unnest(p_outcomes) o where o.approval is not null) then
    p_outcomes := workflow.request_approvals(p_outcomes);
  end if;
  if exists (select from unnest(p_outcomes) o where o.awaits is not null) then
    p_outcomes := workflow.await_executions(p_outcomes);
  end if;
  perform workflow.record_outcomes(p_outcomes);
  select array_agg(distinct o.execution_id), array_agg(o.step_run_id),
      coalesce(array_agg(row (o.strand_id, o.step_run_id, o.target, o.closes, '{}'::uuid[], null)::workflow.move)
        filter (where o.status <> 'failed' and o.until is null and o.fork is null and o.approval is null and o.awaits is null), '{}')
    into v_executions, v_done, v_moves from unnest(p_outcomes) o;
  if exists (select from unnest(p_outcomes) o where o.status = 'failed') then
    v_moves := v_moves || workflow.fail_steps(p_outcomes);
  end if;
  if exists (select from unnest(p_outcomes) o where o.until is not null) then
    perform workflow.wait_until(p_outcomes);
  end if;
  if exists (select from unnest(p_outcomes) o where o.time_limit is not null) then
    perform workflow.limit_containers(p_outcomes);
  end if;
  v_applied := workflow.apply_moves(v_moves, p_take, p_slot);
  v_done := v_done || v_applied.finished;
  v_touched := v_applied.touched;
  v_leased := v_applied.leased;
  if exists (select from unnest(p_outcomes) o where o.fork is not null) then
    v_forked := workflow.fork_strands(p_outcomes, p_take, p_slot);
    v_done := v_done || v_forked.finished;
    v_touched := v_touched || v_forked.touched;
    v_leased := v_leased || v_forked.leased;
  end if;
  v_ready := array(select m.strand_id from unnest(v_moves) m where m.target is not null);
  if p_take = 'yield' then
    perform workflow.yield_strands(v_ready);
  elsif p_take = 'queue' then
    perform workflow.requeue_strands(v_ready);
  end if;
  perform workflow.settle_executions(v_executions, v_done);
  perform workflow.broadcast(v_executions, v_done || v_touched, cardinality(v_ready) < cardinality(p_outcomes));
  return v_ready || v_leased;
end $$;

-- Whether strands that have gone on for five steps are to let others go first: work of an organisation that
-- has little ready is waiting.
create function workflow.must_yield(p_outcomes workflow.outcome[]) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return exists (select from unnest(p_outcomes) o where o.carried >= 4) and workflow.has_first_work();
end $$;

-- The one door for outcomes. p_take: 'claim' leases the successors for the caller and returns them,
-- 'queue' leaves them to whoever claims next. Raises stale_claim when one token is not current.
-- Outcomes: [{ strand_id, step_run_id, token, status, input, output, error, branch, until, fork, approval, awaits }]
create function workflow.complete_steps(p_outcomes jsonb, p_take text default 'claim', p_slot int default null)
returns json
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_outcomes workflow.outcome[] := workflow.resolve_outcomes(p_outcomes);
  v_yields boolean := p_take = 'claim' and workflow.must_yield(v_outcomes);
  v_going workflow.outcome[];
  v_others workflow.outcome[];
  v_yielding workflow.outcome[];
  v_executions uuid[];
  v_strands uuid[];
begin
  select array_agg(o) filter (where is_going), array_agg(o) filter (where not is_going and not is_yielding),
      array_agg(o) filter (where is_yielding),
      array_agg(o.strand_id) filter (where is_going), array_agg(o.execution_id) filter (where is_going)
    into v_going, v_others, v_yielding, v_strands, v_executions
    from unnest(v_outcomes) o, lateral (select v_yields and o.carried >= 4 as is_yielding) y, lateral (
      select p_take = 'claim' and not is_yielding and o.status <> 'failed' and o.until is null and o.fork is null
        and o.approval is null and o.awaits is null and o.target is not null and o.closes = '{}'
        and o.time_limit is null as is_going) x;
  if v_going is not null then
    perform workflow.broadcast(v_executions, workflow.advance_steps(v_going, p_slot), false);
  end if;
  if v_yielding is not null then
    perform workflow.settle_outcomes(v_yielding, 'yield', null);
  end if;
  if v_others is not null then
    v_strands := v_strands || workflow.settle_outcomes(v_others, p_take, p_slot);
    perform workflow.admit_lanes();
  end if;
  if p_take <> 'claim' or cardinality(v_strands) = 0 then
    return '[]';
  end if;
  return workflow.describe_claims(v_strands);
end $$;
