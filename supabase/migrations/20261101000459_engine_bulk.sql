-- Cancelling and retrying many executions at once, by what they have in common. Both run with the rights of
-- the caller, as the single update and the single insert do: row-level security decides what they reach. So
-- they may stand in the exposed schema, and supabase-js calls them with rpc().

-- A user needs the role that changes executions; without it both would just find nothing.
create function workflow.check_bulk(p_organization uuid, p_limit int) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_organization is null or p_limit is null or p_limit not between 1 and 1000 then
    perform workflow.refuse('invalid_bulk', 'Bulk changes are of one organisation, and of 1 to 1000 executions at a time.',
      'Name p_organization, and call again while there are more.');
  elsif (select auth.uid()) is not null and workflow.is_client() and not workflow.has_role(p_organization, 'editor') then
    perform workflow.refuse('not_allowed', 'You may not change executions of this organisation.',
      'Sign in as an editor of it.');
  end if;
end $$;

-- Cancels executions that have not ended: the newest first, so that what waits is gone before what ends
-- makes room for it. Locked in the order of their ids, as everywhere; what has ended meanwhile is left alone.
create function public.cancel_workflow_executions(p_organization uuid, p_workflow uuid default null,
  p_status text[] default null, p_since timestamptz default null, p_until timestamptz default null,
  p_limit int default 500) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_open text[] := array(
    select unnest(array['queued', 'running', 'waiting']) intersect select unnest(coalesce(p_status, array['queued', 'running', 'waiting'])));
  v_ids uuid[];
  v_result jsonb;
begin
  perform workflow.check_bulk(p_organization, p_limit);
  v_ids := array(
    select id from public.workflow_executions
      where organization_id = p_organization and status = any (v_open)
        and (p_workflow is null or workflow_id = p_workflow)
        and (p_since is null or created_at >= p_since) and (p_until is null or created_at < p_until)
      order by id desc limit p_limit + 1);
  with locked as materialized (
    select id from public.workflow_executions
      where id = any (v_ids[:p_limit]) and status = any (v_open) order by id for no key update
  ), cancelled as (
    update public.workflow_executions set status = 'cancelled' where id in (select id from locked) returning id
  )
  select jsonb_build_object('ids', coalesce(jsonb_agg(id order by id), '[]'), 'count', count(*),
      'more', cardinality(v_ids) > p_limit)
    into v_result from cancelled;
  return v_result;
end $$;

-- Retries executions that have ended, oldest first, and each only once: not those that have been retried
-- before. One that cannot be retried is told with its reason and keeps no other from it.
create function public.retry_workflow_executions(p_organization uuid, p_workflow uuid default null,
  p_status text[] default array['failed'], p_since timestamptz default null, p_until timestamptz default null,
  p_error_code text default null, p_from text default null, p_version text default 'active',
  p_after uuid default null, p_limit int default 500) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
  v_id uuid;
  v_retries uuid[] := '{}';
  v_refused jsonb := '[]';
  v_code text;
  v_hint text;
begin
  perform workflow.check_bulk(p_organization, p_limit);
  v_ids := array(
    select e.id from public.workflow_executions e
      where e.organization_id = p_organization and e.status = any (p_status)
        and e.status in ('succeeded', 'failed', 'cancelled') and e.mode = 'live'
        and (p_workflow is null or e.workflow_id = p_workflow)
        and (p_since is null or e.created_at >= p_since) and (p_until is null or e.created_at < p_until)
        and (p_error_code is null or e.error ->> 'code' = p_error_code)
        and (p_after is null or e.id > p_after)
        and not exists (select from public.workflow_executions r where r.retry_of = e.id)
      order by e.id limit p_limit + 1);
  foreach v_id in array v_ids[:p_limit] loop
    begin
      v_retries := v_retries || workflow.retry_once(v_id, p_from, p_version);
    exception when raise_exception then
      get stacked diagnostics v_code = pg_exception_detail, v_hint = pg_exception_hint;
      v_refused := v_refused || jsonb_build_object('id', v_id, 'code', v_code, 'message', sqlerrm, 'hint', v_hint);
    end;
  end loop;
  return jsonb_build_object('ids', to_jsonb(v_retries), 'count', cardinality(v_retries), 'refused', v_refused,
    'more', cardinality(v_ids) > p_limit, 'last', v_ids[least(p_limit, cardinality(v_ids))]);
end $$;

-- One of them. Its key lets only one of two callers through who retry the same set at the same moment.
create function workflow.retry_once(p_execution uuid, p_from text, p_version text) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
begin
  with retried as (
    insert into public.workflow_executions (workflow_id, workflow_version, retry_of, retry_from, idempotency_key)
      select workflow_id, case p_version when 'same' then workflow_version end, id, p_from, 'retry:' || id
      from public.workflow_executions where id = p_execution
      on conflict (workflow_id, idempotency_key) do nothing
      returning id
  )
  select array_agg(id) into v_ids from retried;
  return v_ids;
end $$;

revoke execute on function public.cancel_workflow_executions(uuid, uuid, text[], timestamptz, timestamptz, int),
  public.retry_workflow_executions(uuid, uuid, text[], timestamptz, timestamptz, text, text, text, uuid, int)
  from public, anon;
grant execute on function public.cancel_workflow_executions(uuid, uuid, text[], timestamptz, timestamptz, int),
  public.retry_workflow_executions(uuid, uuid, text[], timestamptz, timestamptz, text, text, text, uuid, int)
  to authenticated, service_role;
