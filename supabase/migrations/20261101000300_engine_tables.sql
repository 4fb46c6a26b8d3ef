-- What an application sees: workflows, their versions, executions and step runs.

create table public.workflows (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null,
  name text not null check (name <> ''),
  description text,
  category text,
  status text not null default 'draft' check (status in ('draft', 'active', 'paused', 'archived')),
  template_id text,
  active_version int,
  draft jsonb,
  draft_revision int not null default 0,
  min_role text not null default 'viewer' check (min_role in ('viewer', 'editor', 'admin', 'owner')),
  settings jsonb not null default '{}',
  created_by uuid default auth.uid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (status = 'draft' or status = 'archived' or active_version is not null)
);
create index workflows_organization on public.workflows (organization_id, id);

create table public.workflow_versions (
  workflow_id uuid not null references public.workflows on delete cascade,
  version int not null,
  definition jsonb not null,
  plan jsonb not null,
  run_as uuid,
  published_by uuid,
  published_at timestamptz not null default now(),
  primary key (workflow_id, version)
);

-- What combinations of columns a status allows. A function, because Postgres parses the text of every
-- CHECK anew for each statement that writes: the same rules as expressions took a tenth of a step's time.
create function workflow.is_legal_execution(p_status text, p_mode text, p_error jsonb, p_started_at timestamptz,
  p_finished_at timestamptz) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return p_mode in ('live', 'test') and case p_status
    when 'queued' then p_finished_at is null
    when 'running' then p_started_at is not null and p_finished_at is null
    when 'waiting' then p_started_at is not null and p_finished_at is null
    when 'succeeded' then p_started_at is not null and p_finished_at is not null
    when 'failed' then p_started_at is not null and p_finished_at is not null and p_error is not null
    when 'cancelled' then p_finished_at is not null
    else false end;
end $$;

create function workflow.is_legal_step(p_status text, p_handled boolean, p_error jsonb, p_started_at timestamptz,
  p_finished_at timestamptz) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return (p_status = 'failed' or not p_handled) and case p_status
    when 'queued' then p_finished_at is null
    when 'running' then p_started_at is not null and p_finished_at is null
    when 'waiting' then p_finished_at is null
    when 'succeeded' then p_finished_at is not null
    when 'failed' then p_finished_at is not null and p_error is not null
    when 'skipped' then p_finished_at is not null
    when 'cancelled' then p_finished_at is not null
    else false end;
end $$;

create table public.workflow_executions (
  id uuid primary key default workflow.new_id(),
  workflow_id uuid not null,
  -- Null: a test run of a draft, whose definition is in `test`.
  workflow_version int,
  organization_id uuid not null,
  min_role text not null,
  status text not null default 'queued',
  mode text not null default 'live',
  -- What the caller of a test run says: mocks, answers to approvals, the record, a draft's definition and plan.
  test jsonb,
  trigger jsonb not null default '{"type": "manual"}',
  input jsonb not null default '{}',
  output jsonb,
  error jsonb,
  idempotency_key text,
  priority int not null default 0,
  -- The lane of its workflow in which it waits for the workflow's limits; null: its organisation's backlog.
  lane text,
  steps_done int not null default 0,
  parent_step_id uuid,
  -- A retry: the execution it repeats, and the top-level step it begins with (null: the first).
  retry_of uuid,
  retry_from text,
  caused_by uuid,
  depth int not null default 0,
  revision int not null default 1,
  created_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  foreign key (workflow_id, workflow_version) references public.workflow_versions on delete cascade,
  unique (workflow_id, idempotency_key),
  constraint legal_status check (workflow.is_legal_execution(status, mode, error, started_at, finished_at))
) with (fillfactor = 70);
create index workflow_executions_organization on public.workflow_executions (organization_id, id desc);
create index workflow_executions_version on public.workflow_executions (workflow_id, workflow_version, id desc);
create index workflow_executions_retries on public.workflow_executions (retry_of) where retry_of is not null;
create index workflow_executions_backlog on public.workflow_executions (organization_id, priority desc, id)
  where status = 'queued' and lane is null;
create index workflow_executions_lanes on public.workflow_executions (workflow_id, lane, priority desc, id)
  where status = 'queued' and lane is not null;

-- No index names a column that changes, so every update of a step run stays on its page (HOT).
create table public.workflow_execution_steps (
  id uuid primary key default workflow.new_id(),
  execution_id uuid not null references public.workflow_executions on delete cascade,
  organization_id uuid not null,
  min_role text not null,
  -- The strand it runs on: the execution's id on the main line, else the iteration's or branch's step run.
  scope_id uuid not null,
  path text not null,
  step_id text not null,
  iteration int not null default 0,
  type text not null,
  status text not null default 'queued',
  handled boolean not null default false,
  attempt int not null default 1,
  input jsonb,
  output jsonb,
  error jsonb,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (execution_id, scope_id, path, iteration),
  constraint legal_status check (workflow.is_legal_step(status, handled, error, started_at, finished_at))
) with (fillfactor = 60);
create index workflow_execution_steps_organization on public.workflow_execution_steps (organization_id, id);

create table public.workflow_audit_log (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null,
  workflow_id uuid,
  execution_id uuid,
  event text not null,
  details jsonb not null default '{}',
  actor uuid default auth.uid(),
  created_at timestamptz not null default now()
);
create index workflow_audit_log_organization on public.workflow_audit_log (organization_id, id desc);

create function workflow.touch() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end $$;
create trigger touch before update on public.workflows for each row execute function workflow.touch();
