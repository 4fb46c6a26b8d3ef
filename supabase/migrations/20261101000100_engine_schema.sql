-- The workflow engine: schema, identifiers, clock, settings and the one seam to tenancy.
--
-- Schema `public` holds what an application sees (workflows, executions, step runs), all under
-- row-level security. Schema `workflow` holds the state machine; it is never exposed to the API.

create extension if not exists pgmq;
create extension if not exists pg_net with schema extensions;
create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists supabase_vault with schema vault;

create schema workflow;
comment on schema workflow is 'Private state machine of the workflow engine. Never expose it to the API.';
grant usage on schema workflow to anon, authenticated, service_role;

-- UUIDv7 with 12 bits of sub-millisecond time: ids of one session ascend, inserts go to the right
-- edge of the index. Random ids cost 26 times the WAL at three million rows.
create function workflow.new_id() returns uuid
language plpgsql volatile parallel safe set search_path = '' as $$
declare
  v_micros bigint := extract(epoch from clock_timestamp()) * 1000000;
begin
  return encode(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send(v_micros / 1000) from 3) || int2send((28672 + v_micros % 1000 * 4096 / 1000)::int2)
    from 1 for 8), 'hex')::uuid;
end $$;

create table workflow.settings (
  singleton boolean primary key default true check (singleton),
  -- 1: one step per invocation; more: an invocation drains the queue in sets of this size.
  steps_per_invocation int not null default 1 check (steps_per_invocation between 1 and 100),
  -- Chains of invocations that may work at the same time.
  max_slots int not null default 8 check (max_slots between 1 and 100),
  -- Strands of one organisation that may be ready or running at the same time.
  max_in_flight int not null default 80 check (max_in_flight > 0),
  broadcast text not null default 'all' check (broadcast in ('all', 'executions', 'none')),
  default_timeout interval not null default '60 seconds',
  -- A lease outlives its step's timeout by this much before another worker may take the step.
  lease_grace interval not null default '10 seconds',
  -- How long beyond its lease a strand's message stays hidden.
  hidden_margin interval not null default '10 minutes' check (hidden_margin >= '0'),
  -- Leases a step may lose before it ends with `worker_lost`.
  max_deliveries int not null default 5 check (max_deliveries > 0),
  -- Longest chain of executions that start each other.
  max_depth int not null default 10,
  -- How long ended executions with their steps, the audit log and the delivery log are kept; null: for ever.
  keep_executions interval check (keep_executions >= '1 hour'),
  keep_audit_log interval check (keep_audit_log >= '1 hour'),
  keep_deliveries interval check (keep_deliveries >= '1 hour'),
  -- A schedule's run that is older than this was missed.
  missed_after interval not null default '2 minutes' check (missed_after >= '1 minute'),
  -- How long a test run may take, since it holds locks, and how many may run at the same time.
  max_test_time interval not null default '20 seconds' check (max_test_time between '0' and '20 seconds'),
  max_test_runs int not null default 2 check (max_test_runs > 0),
  clock_offset interval not null default '0',
  -- Where the web page is; approval links lead there.
  page_url text check (page_url ~ '^https?://'),
  worker_path text not null default '/functions/v1/worker'
);
insert into workflow.settings default values;

-- The engine's only clock for waits and schedules. Moving `clock_offset` moves it; leases and
-- durations use clock_timestamp() and do not move. A test run has a clock of its own.
create function workflow.now() returns timestamptz
language plpgsql stable parallel safe set search_path = '' as $$
begin
  return (
    select clock_timestamp() + clock_offset
        + case when current_setting('workflow.test', true) <> '' then workflow.test_clock_offset() else '0' end
      from workflow.settings);
end $$;

-- The seam to tenancy: which organisations the caller belongs to with at least this role. This
-- version knows none; the tenancy migrations, or the adopting project, replace it.
create function workflow.member_organizations(p_role text) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select null::uuid where false and p_role is not null
$$;
comment on function workflow.member_organizations(text) is
  'Organisations in which the caller holds at least this role (viewer, editor, admin, owner). Replace it to fit your own tenancy.';

-- The other direction, for messages to a role: its members. This version knows none; whoever replaces the
-- one replaces the other.
create function workflow.members_with_role(p_organization uuid, p_role text) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select null::uuid where false and p_organization is not null and p_role is not null
$$;
comment on function workflow.members_with_role(uuid, text) is
  'Users who hold at least this role in an organisation. Replace it to fit your own tenancy; without it messages to roles reach nobody.';

create function workflow.has_role(p_organization uuid, p_role text) returns boolean
language sql stable set search_path = '' as $$
  select p_organization in (select workflow.member_organizations(p_role))
$$;

-- Every refusal carries a stable code in DETAIL and the next thing to do in HINT.
create function workflow.refuse(p_code text, p_message text, p_hint text default null) returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = 'P0001', message = p_message, detail = p_code,
    hint = coalesce(p_hint, 'See docs/errors.md for the code ' || p_code || '.');
end $$;
