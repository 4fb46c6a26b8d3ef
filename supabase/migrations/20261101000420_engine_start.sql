-- Starting: an inserted execution is completed from its workflow, admitted, and the worker is woken.
-- All of it happens in the transaction that caused it, so a rollback leaves nothing.

create function workflow.before_execution_insert() returns trigger
language plpgsql set search_path = '' as $$
declare
  v_workflow public.workflows;
begin
  select * into v_workflow from public.workflows where id = new.workflow_id;
  if not found then
    perform workflow.refuse('workflow_not_found', format('There is no workflow %s here.', new.workflow_id),
      'Check the id, and that you are a member of its organisation.');
  elsif v_workflow.status not in ('active', 'paused') and new.mode is distinct from 'test' then
    perform workflow.refuse('workflow_not_active', format('Workflow %L is %s.', v_workflow.name, v_workflow.status),
      'Publish a version of it first.');
  elsif v_workflow.status = 'paused' and v_workflow.settings @> '{"whenPaused": "drop"}' and new.mode is distinct from 'test' then
    perform workflow.refuse('workflow_paused', format('Workflow %L is paused.', v_workflow.name),
      'Set its status to active, or its setting whenPaused to "queue" to let starts wait.');
  elsif new.priority not between -100 and 100 then
    perform workflow.refuse('invalid_priority', format('A priority of %s is out of range.', new.priority),
      'Choose one from -100 to 100; higher ones start first.');
  end if;
  if workflow.is_client() then
    -- A client chooses workflow, input, key, priority and what to retry; all else follows from the workflow.
    new.id := workflow.new_id();
    new.trigger := '{"type": "manual"}';
    new := workflow.follow_cause(new);
  end if;
  new.organization_id := v_workflow.organization_id;
  new.min_role := v_workflow.min_role;
  if new.mode = 'test' or new.test is not null then
    new := workflow.prepare_test(new);
    new.trigger := workflow.complete_record(new.trigger, new.organization_id);
  elsif new.retry_of is null then
    new.workflow_version := v_workflow.active_version;
    new.retry_from := null;
  elsif exists (select from public.workflow_executions where id = new.retry_of and workflow_id = new.workflow_id) then
    new := workflow.prepare_retry(new, v_workflow.active_version);
  else
    perform workflow.refuse('execution_not_found', format('Workflow %L has no execution %s here.', v_workflow.name, new.retry_of),
      'Check the id, and that you are a member of its organisation.');
  end if;
  new.lane := case when new.mode is distinct from 'test' then
    workflow.lane_of(v_workflow.status, v_workflow.settings, new.input, new.trigger) end;
  new.status := 'queued';
  new.output := null;
  new.error := null;
  new.steps_done := 0;
  new.revision := 1;
  new.created_at := clock_timestamp();
  new.started_at := null;
  new.finished_at := null;
  return new;
end $$;
create trigger before_insert before insert on public.workflow_executions
  for each row execute function workflow.before_execution_insert();

-- Gives admitted executions their main strand, first step run and message. Set-based: ten thousand
-- rows in one insert are one call.
create function workflow.launch(p_executions uuid[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_steps uuid[];
begin
  update public.workflow_executions set status = 'running', started_at = clock_timestamp()
    where id = any (p_executions) and status = 'queued';
  if exists (select from public.workflow_executions where id = any (p_executions) and retry_from is not null) then
    perform workflow.keep_steps(p_executions);
  end if;
  with launched as (
    insert into public.workflow_execution_steps
      (execution_id, organization_id, min_role, scope_id, path, step_id, type)
      select e.id, e.organization_id, e.min_role, e.id, p.path, p.step_id, p.type
      from public.workflow_executions e
      join workflow.plans pl on pl.workflow_id = e.workflow_id and pl.version = e.workflow_version
      join workflow.plan_steps p on p.workflow_id = pl.workflow_id and p.version = pl.version
        and p.path = coalesce(e.retry_from, pl.first)
      where e.id = any (p_executions)
      returning id, execution_id, path
  ), messages as (
    select m.strand_id, m.msg_id
    from (select array_agg(l.execution_id) as strands, array_agg(e.organization_id) as organizations
          from launched l join public.workflow_executions e on e.id = l.execution_id) a,
    lateral workflow.send_messages(a.strands, a.organizations) m
  ), stranded as (
    insert into workflow.strands
      (id, execution_id, organization_id, min_role, workflow_id, version, lane, step_id, path, scopes, msg_id)
      select e.id, e.id, e.organization_id, e.min_role, e.workflow_id, e.workflow_version, e.lane, l.id, l.path,
        array[e.id], m.msg_id
      from launched l join messages m on m.strand_id = l.execution_id join public.workflow_executions e on e.id = l.execution_id
      returning step_id
  )
  select array_agg(step_id) into v_steps from stranded;
  perform workflow.broadcast(p_executions, v_steps, true);
end $$;

create function workflow.after_executions_insert() returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_organization uuid;
  v_admitted int := 0;
  v_is_due boolean := false;
begin
  for v_organization in select distinct organization_id from inserted where lane is null loop
    v_admitted := v_admitted + workflow.admit_organization(v_organization);
  end loop;
  if exists (select from inserted where lane is not null) then
    v_is_due := workflow.signal_queued(array(select id from inserted where lane is not null));
  end if;
  if v_admitted > 0 or v_is_due then
    perform workflow.wake();
  end if;
  return null;
end $$;
create trigger after_insert after insert on public.workflow_executions
  referencing new table as inserted
  for each statement execute function workflow.after_executions_insert();

-- Starts a workflow from SQL or pg_cron. A repeated idempotency key returns the first execution.
create function workflow.start(p_workflow uuid, p_input jsonb default '{}',
  p_idempotency_key text default null, p_priority int default 0) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
begin
  insert into public.workflow_executions (workflow_id, input, idempotency_key, priority)
    values (p_workflow, p_input, p_idempotency_key, p_priority)
    on conflict (workflow_id, idempotency_key) do nothing
    returning id into v_id;
  if v_id is null then
    select id into v_id from public.workflow_executions
      where workflow_id = p_workflow and idempotency_key = p_idempotency_key;
  end if;
  return v_id;
end $$;

-- The same by name, for `select workflow.start('<workflow>', '{…}')` where the name is unique.
create function workflow.start(p_workflow text, p_input jsonb default '{}',
  p_idempotency_key text default null, p_priority int default 0) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
begin
  if p_workflow ~ '^[0-9a-f]{8}-[0-9a-f-]{27}$' then
    return workflow.start(p_workflow::uuid, p_input, p_idempotency_key, p_priority);
  end if;
  select array_agg(id) into v_ids from public.workflows where name = p_workflow and status in ('active', 'paused');
  if v_ids is null or cardinality(v_ids) > 1 then
    perform workflow.refuse(case when v_ids is null then 'workflow_not_found' else 'workflow_ambiguous' end,
      format('%s active workflow is named %L.', coalesce(cardinality(v_ids)::text, 'No'), p_workflow),
      'Pass the workflow''s id instead of its name.');
  end if;
  return workflow.start(v_ids[1], p_input, p_idempotency_key, p_priority);
end $$;

-- Whoever may see a workflow's data may change: what has run is then seen by the same people, on
-- channels too.
create function workflow.follow_min_role() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.workflow_executions set min_role = new.min_role where workflow_id = new.id;
  update public.workflow_execution_steps s set min_role = new.min_role
    from public.workflow_executions e where e.workflow_id = new.id and s.execution_id = e.id;
  update public.approval_requests r set min_role = new.min_role
    from public.workflow_executions e where e.workflow_id = new.id and r.execution_id = e.id;
  update workflow.strands set min_role = new.min_role
    where execution_id in (select id from public.workflow_executions where workflow_id = new.id);
  return null;
end $$;
create trigger follow_min_role after update of min_role on public.workflows
  for each row when (new.min_role is distinct from old.min_role) execute function workflow.follow_min_role();
