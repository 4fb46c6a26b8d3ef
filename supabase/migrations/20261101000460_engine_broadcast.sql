-- Realtime: every transaction that changes an execution sends one set of messages.
--
--   workflow:execution:<id>            event 'change'     { revision, execution, steps }
--   workflow:org:<id>[:<min_role>]     event 'execution'  { id, workflow_id, status, revision, … }
--
-- Channels are private. An organisation's executions that viewers may not see travel on the channel
-- named after the role they need. `revision` tells a client whether it has missed one.
--
-- A change carries what has changed: `execution` its status, counters and result, `steps` each changed
-- step run, to be laid over what is known of it by its id. One that has not ended says where it is, one
-- that has ended says what came of it.

-- Sends what has changed: the given step runs on their executions' channels and, when a status has
-- changed, the executions on their organisations' channels. One insert; if it fails, work goes on.
-- What has more than 8 kB of input or output is `truncated`: a client reads its row. Text is put
-- together and read as jsonb once: nested jsonb is copied at each level.
create function workflow.broadcast(p_executions uuid[], p_steps uuid[], p_status_changed boolean) returns void
language plpgsql set search_path = '' as $$
declare
  v_broadcast text := (select broadcast from workflow.settings);
begin
  if v_broadcast = 'none' or (v_broadcast = 'executions' and not p_status_changed) then
    return;
  end if;
  insert into realtime.messages (topic, event, payload, extension, private)
    select m.topic, m.event, m.payload::jsonb, 'broadcast', true
    from public.workflow_executions e
    left join (
      select s.execution_id, json_agg(case
          when greatest(pg_column_size(s.input), pg_column_size(s.output)) >= 8192 then
            json_build_object('id', s.id, 'status', s.status, 'truncated', true)
          when s.finished_at is null then
            json_build_object('id', s.id, 'path', s.path, 'step_id', s.step_id, 'scope_id', s.scope_id,
              'iteration', s.iteration, 'type', s.type, 'status', s.status, 'handled', s.handled, 'attempt', s.attempt,
              'input', s.input, 'output', s.output, 'error', s.error,
              'created_at', s.created_at, 'started_at', s.started_at, 'finished_at', s.finished_at)
          else
            json_build_object('id', s.id, 'status', s.status, 'handled', s.handled, 'input', s.input,
              'output', s.output, 'error', s.error, 'finished_at', s.finished_at) end
        order by s.id) as steps
      from public.workflow_execution_steps s where s.id = any (p_steps) group by s.execution_id
    ) s on s.execution_id = e.id,
    lateral (
      select 'workflow:execution:' || e.id, 'change', json_build_object('revision', e.revision,
          'execution', json_build_object('status', e.status, 'steps_done', e.steps_done, 'started_at', e.started_at,
            'finished_at', e.finished_at, 'error', e.error,
            'output', case when pg_column_size(e.output) < 8192 then e.output end,
            'truncated', pg_column_size(e.output) >= 8192),
          'steps', coalesce(s.steps, '[]'))
        where v_broadcast = 'all'
      union all
      select 'workflow:org:' || e.organization_id || case e.min_role when 'viewer' then '' else ':' || e.min_role end,
          'execution', json_build_object('id', e.id, 'workflow_id', e.workflow_id,
            'workflow_version', e.workflow_version, 'status', e.status, 'mode', e.mode,
            'trigger', e.trigger ->> 'type', 'steps_done', e.steps_done, 'revision', e.revision,
            'output', case when pg_column_size(e.output) < 8192 then e.output end, 'error', e.error,
            'created_at', e.created_at, 'started_at', e.started_at, 'finished_at', e.finished_at)
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
