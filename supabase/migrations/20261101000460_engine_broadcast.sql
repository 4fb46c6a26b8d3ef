-- Realtime: every transaction that changes an execution sends one set of messages.
--
--   workflow:execution:<id>            event 'change'     { revision, execution, steps }
--   workflow:org:<id>[:<min_role>]     event 'execution'  { revision, id, workflow_id, status, … }
--
-- Channels are private. An organisation's executions that viewers may not see travel on the channel
-- named after the role they need. `revision` tells a client whether it has missed one.

-- A step run as it is sent. Large outputs are left out; a client that needs them reads the row.
create function workflow.step_payload(p_step public.workflow_execution_steps) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('id', p_step.id, 'path', p_step.path, 'step_id', p_step.step_id,
    'scope_id', p_step.scope_id, 'iteration', p_step.iteration, 'type', p_step.type,
    'status', p_step.status, 'handled', p_step.handled, 'attempt', p_step.attempt,
    'output', case when pg_column_size(p_step.output) < 8192 then p_step.output end,
    'truncated', coalesce(pg_column_size(p_step.output) >= 8192, false),
    'error', p_step.error,
    'created_at', p_step.created_at, 'started_at', p_step.started_at, 'finished_at', p_step.finished_at);
end $$;

create function workflow.execution_payload(p_execution public.workflow_executions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('id', p_execution.id, 'workflow_id', p_execution.workflow_id,
    'workflow_version', p_execution.workflow_version, 'status', p_execution.status, 'mode', p_execution.mode,
    'trigger', p_execution.trigger ->> 'type', 'steps_done', p_execution.steps_done,
    'output', case when pg_column_size(p_execution.output) < 8192 then p_execution.output end,
    'error', p_execution.error, 'revision', p_execution.revision,
    'created_at', p_execution.created_at, 'started_at', p_execution.started_at, 'finished_at', p_execution.finished_at);
end $$;

-- Sends what has changed: the given step runs on their executions' channels and, when a status has
-- changed, the executions on their organisations' channels. One insert; if it fails, work goes on.
create function workflow.broadcast(p_executions uuid[], p_steps uuid[], p_status_changed boolean) returns void
language plpgsql set search_path = '' as $$
declare
  v_what text := (select broadcast from workflow.settings);
begin
  if v_what = 'none' or (v_what = 'executions' and not p_status_changed) then
    return;
  end if;
  insert into realtime.messages (topic, event, payload, extension, private)
    select m.topic, m.event, m.payload, 'broadcast', true
    from public.workflow_executions e,
    lateral (
      select 'workflow:execution:' || e.id, 'change', jsonb_build_object(
          'revision', e.revision, 'execution', workflow.execution_payload(e), 'steps', (
            select coalesce(jsonb_agg(workflow.step_payload(s) order by s.id), '[]')
            from public.workflow_execution_steps s where s.id = any (p_steps) and s.execution_id = e.id))
        where v_what = 'all'
      union all
      select 'workflow:org:' || e.organization_id || case e.min_role when 'viewer' then '' else ':' || e.min_role end,
          'execution', workflow.execution_payload(e)
        where p_status_changed) m(topic, event, payload)
    where e.id = any (p_executions);
exception when others then
  raise warning 'workflow: broadcast failed: %', sqlerrm;
end $$;

-- Whether the caller may listen on a topic of the engine: exactly when they may see what it carries.
create function workflow.may_listen(p_topic text) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  v_parts text[] := string_to_array(p_topic, ':');
begin
  if v_parts[1] is distinct from 'workflow' or v_parts[3] !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return false;
  end if;
  return case v_parts[2]
    when 'execution' then exists (select from public.workflow_executions where id = v_parts[3]::uuid)
    when 'org' then workflow.has_role(v_parts[3]::uuid, coalesce(v_parts[4], 'viewer'))
    else false end;
end $$;

create policy workflow_channels on realtime.messages for select to authenticated
  using (extension = 'broadcast' and (select workflow.may_listen((select realtime.topic()))));
