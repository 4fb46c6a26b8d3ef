-- What the worker calls around a handler: the transaction of a database action, and the check that
-- the user a workflow runs as may see the record that started it.

-- Opens a database action: holds the lease against everybody, and lets no statement outlast it.
create function workflow.enter_step(p_strand uuid, p_token uuid) returns void
language plpgsql set search_path = '' as $$
declare
  v_lease workflow.leases;
  v_left_ms int;
begin
  select l.* into v_lease from workflow.leases l where l.strand_id = p_strand and l.token = p_token for update;
  v_left_ms := extract(epoch from v_lease.expires_at - clock_timestamp()) * 1000;
  if v_lease.strand_id is null or v_left_ms <= 0 then
    perform workflow.refuse('stale_claim', 'The claim is no longer held.', 'Roll back; another worker has the step.');
  end if;
  perform workflow.limit_statements(v_left_ms),
    set_config('idle_in_transaction_session_timeout', v_left_ms::text, true),
    set_config('workflow.cause', (
      select jsonb_build_object('execution_id', e.id, 'workflow_id', e.workflow_id, 'step_id', v_lease.step_id, 'depth', e.depth)::text
      from public.workflow_executions e where e.id = v_lease.execution_id), true);
end $$;

-- Whether a claim is still wanted: a worker asks while a handler takes long.
create function workflow.is_wanted(p_strand uuid, p_token uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from workflow.leases l
    join workflow.strands s on s.id = l.strand_id and not s.cancelled and not s.interrupted
    join public.workflow_executions e on e.id = s.execution_id and e.status in ('running', 'waiting')
    where l.strand_id = p_strand and l.token = p_token);
end $$;

-- What each of the following statements may take, also in waiting for a lock.
create function workflow.limit_statements(p_milliseconds numeric) returns void
language plpgsql set search_path = '' as $$
declare
  v_limit text := greatest(ceil(p_milliseconds), 1)::int::text;
begin
  perform set_config('statement_timeout', v_limit, true), set_config('lock_timeout', v_limit, true);
end $$;

-- The action itself has its step's timeout, and leaves enough of the lease to report how it ended.
create function workflow.limit_action(p_strand uuid, p_timeout_ms int) returns void
language plpgsql set search_path = '' as $$
begin
  perform workflow.limit_statements(least(p_timeout_ms,
      extract(epoch from l.expires_at - c.lease_grace / 2 - clock_timestamp()) * 1000))
    from workflow.leases l, workflow.settings c where l.strand_id = p_strand;
end $$;

-- The report has the rest of the lease again. Nobody takes the lease meanwhile, it is locked: should it
-- have run out in a long action, the report still has the grace.
create function workflow.limit_report(p_strand uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform workflow.limit_statements(
      extract(epoch from greatest(l.expires_at - clock_timestamp(), c.lease_grace)) * 1000)
    from workflow.leases l, workflow.settings c where l.strand_id = p_strand;
end $$;

-- Sets the claims of the user a workflow runs as, for this transaction, and refuses when they are no
-- longer a member. Without a user (published by the service role) the service role's claims apply.
create function workflow.assume_user(p_user uuid, p_organization uuid) returns void
language plpgsql set search_path = '' as $$
declare
  v_claims jsonb := '{"role": "service_role"}';
begin
  if p_user is not null then
    select jsonb_build_object('sub', u.id, 'role', 'authenticated', 'aud', 'authenticated', 'email', u.email,
        'app_metadata', coalesce(u.raw_app_meta_data, '{}'))
      into v_claims from auth.users u where u.id = p_user;
  end if;
  perform set_config('request.jwt.claims', coalesce(v_claims, '{}')::text, true),
    set_config('request.jwt.claim.sub', coalesce(p_user::text, ''), true),
    set_config('request.jwt.claim.role', coalesce(v_claims ->> 'role', ''), true);
  if p_user is not null and not workflow.has_role(p_organization, 'viewer') then
    perform workflow.refuse('run_as_not_member', 'The user this workflow runs as is no longer a member of its organisation.',
      'Let a current member publish the workflow again; it then runs as that member.');
  end if;
end $$;

-- Takes the claims off again, so that what the engine does next is not done in the user's name.
create function workflow.leave_user() returns void
language plpgsql set search_path = '' as $$
begin
  perform set_config('request.jwt.claims', '', true), set_config('request.jwt.claim.sub', '', true),
    set_config('request.jwt.claim.role', '', true);
end $$;

-- Whether the calling role sees the record that started an event execution.
create function workflow.record_is_visible(p_trigger jsonb) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  v_relation regclass := (p_trigger ->> 'table')::regclass;
  v_condition text;
  v_visible boolean;
begin
  select string_agg(format('t.%1$I = (jsonb_populate_record(null::%2$s, $1)).%1$I', key, v_relation), ' and ')
    into v_condition from jsonb_array_elements_text(p_trigger -> 'key') key;
  execute format('select exists (select from %s t where %s)', v_relation, v_condition)
    into v_visible using p_trigger -> 'record';
  return v_visible;
end $$;
