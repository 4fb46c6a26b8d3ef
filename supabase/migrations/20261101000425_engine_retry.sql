-- Retrying an execution: a new one that repeats it, from the start or from a top-level step. What ended
-- well before that step is kept: its step runs are copied, so that later steps can read them.
--
--   insert into workflow_executions (workflow_id, retry_of, retry_from, …)
--   retry_from: a step id · '@failed', the first step that did not end well · null, the start

-- The steps of a version's main line, in order; each once, whatever a hand-made plan says.
create function workflow.main_line(p_workflow uuid, p_version int) returns text[]
language plpgsql stable set search_path = '' as $$
declare
  v_paths text[] := '{}';
  v_path text;
begin
  select first into v_path from workflow.plans where workflow_id = p_workflow and version = p_version;
  while v_path is not null and v_path <> all (v_paths) loop
    v_paths := v_paths || v_path;
    select next into v_path from workflow.plan_steps
      where workflow_id = p_workflow and version = p_version and path = v_path;
  end loop;
  return v_paths;
end $$;

-- Steps of the main line whose run in an execution did not end well.
create function workflow.steps_to_repeat(p_execution uuid, p_line text[]) returns text[]
language plpgsql stable set search_path = '' as $$
begin
  return array(
    select l.path from unnest(p_line) with ordinality l(path, place)
    where not exists (
      select from public.workflow_execution_steps s
      where s.execution_id = p_execution and s.scope_id = p_execution and s.path = l.path and s.iteration = 0
        and (s.status in ('succeeded', 'skipped') or s.handled))
    order by l.place);
end $$;

-- Completes a retry from what it repeats: the trigger, the input unless another is given, the version
-- (the active one, or that of the origin when it is named), and the step to begin with.
create function workflow.prepare_retry(p_new public.workflow_executions, p_active_version int)
returns public.workflow_executions
language plpgsql security definer set search_path = '' as $$
declare
  v_origin public.workflow_executions;
  v_line text[];
  v_open text[];
begin
  select * into v_origin from public.workflow_executions where id = p_new.retry_of;
  if v_origin.status not in ('succeeded', 'failed', 'cancelled') then
    perform workflow.refuse('execution_not_ended', format('The execution is still %s.', v_origin.status),
      'Wait for its end, or cancel it first.');
  elsif v_origin.mode = 'test' then
    perform workflow.refuse('invalid_test', 'A test run cannot be repeated: nothing of it has happened.',
      'Start the workflow, or test it again.');
  end if;
  if p_new.workflow_version is distinct from v_origin.workflow_version then
    p_new.workflow_version := p_active_version;
  end if;
  p_new.trigger := v_origin.trigger;
  p_new.input := case when p_new.input = '{}' then v_origin.input else p_new.input end;
  if p_new.retry_from is null then
    return p_new;
  end if;
  v_line := workflow.main_line(p_new.workflow_id, p_new.workflow_version);
  v_open := workflow.steps_to_repeat(v_origin.id, v_line);
  if p_new.retry_from = '@failed' then
    p_new.retry_from := v_open[1];
    if p_new.retry_from is null then
      perform workflow.refuse('nothing_failed', 'Every step of the execution ended well.',
        'Name the step to begin with, or retry from the start.');
    end if;
  elsif array_position(v_line, p_new.retry_from) is null then
    perform workflow.refuse('unknown_step', format('Version %s has no top-level step %L.', p_new.workflow_version, p_new.retry_from),
      format('Begin with one of: %s.', array_to_string(v_line, ', ')));
  elsif array_position(v_line, v_open[1]) < array_position(v_line, p_new.retry_from) then
    perform workflow.refuse('retry_gap', format('Step %L before it did not end well.', v_open[1]),
      format('Begin with %L.', v_open[1]));
  end if;
  return p_new;
end $$;

-- Copies what retries keep: the step runs of the main line before the step they begin with, and of what is
-- inside their conditions and catch branches. The insides of loops and parallels are in their outputs.
create function workflow.keep_steps(p_executions uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  with recursive retry as (
    select e.*, workflow.main_line(e.workflow_id, e.workflow_version) as line
    from public.workflow_executions e where e.id = any (p_executions) and e.retry_from is not null
  ), kept as (
    select r.id as execution_id, r.retry_of, r.workflow_id, r.workflow_version, l.path
    from retry r, unnest(r.line) with ordinality l(path, place)
    where l.place < array_position(r.line, r.retry_from)
    union
    select k.execution_id, k.retry_of, k.workflow_id, k.workflow_version, p.path
    from kept k join workflow.plan_steps p
      on p.workflow_id = k.workflow_id and p.version = k.workflow_version and p.parent = k.path
  ), copied as (
    insert into public.workflow_execution_steps (execution_id, organization_id, min_role, scope_id, path, step_id,
        iteration, type, status, handled, attempt, input, output, error, created_at, started_at, finished_at)
      select k.execution_id, s.organization_id, s.min_role, k.execution_id, s.path, s.step_id, s.iteration, s.type, s.status,
        s.handled, s.attempt, s.input, s.output, s.error, s.created_at, s.started_at, s.finished_at
      from kept k join public.workflow_execution_steps s
        on s.execution_id = k.retry_of and s.scope_id = k.retry_of and s.path = k.path
      where s.finished_at is not null
      order by s.id
      returning execution_id, status
  )
  update public.workflow_executions e set steps_done = c.count
    from (select execution_id, count(*) filter (where status <> 'cancelled') as count from copied group by execution_id) c
    where e.id = c.execution_id;
end $$;

-- The same from SQL. p_version: 'active', or 'same' for the version of the origin.
create function workflow.retry(p_execution uuid, p_from text default null, p_input jsonb default '{}',
  p_version text default 'active') returns uuid
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
begin
  insert into public.workflow_executions (workflow_id, workflow_version, retry_of, retry_from, input, created_by)
    select workflow_id, case p_version when 'same' then workflow_version end, id, p_from, p_input, created_by
    from public.workflow_executions where id = p_execution
    returning id into v_id;
  if v_id is null then
    perform workflow.refuse('execution_not_found', format('There is no execution %s.', p_execution), 'Check the id.');
  end if;
  return v_id;
end $$;
