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

create table public.workflow_executions (
  id uuid primary key default workflow.new_id(),
  workflow_id uuid not null,
  workflow_version int not null,
  organization_id uuid not null,
  min_role text not null,
  status text not null default 'queued'
    check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  mode text not null default 'live' check (mode in ('live', 'test')),
  trigger jsonb not null default '{"type": "manual"}',
  input jsonb not null default '{}',
  output jsonb,
  error jsonb,
  idempotency_key text,
  priority int not null default 0 check (priority between -100 and 100),
  steps_done int not null default 0,
  parent_step_id uuid,
  retry_of uuid,
  caused_by uuid,
  depth int not null default 0,
  revision int not null default 1,
  created_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  foreign key (workflow_id, workflow_version) references public.workflow_versions on delete cascade,
  unique (workflow_id, idempotency_key),
  check (status not in ('running', 'waiting', 'succeeded', 'failed') or started_at is not null),
  check ((finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled'))),
  check (status <> 'failed' or error is not null)
) with (fillfactor = 70);
create index workflow_executions_organization on public.workflow_executions (organization_id, id desc);
create index workflow_executions_version on public.workflow_executions (workflow_id, workflow_version, id desc);
create index workflow_executions_backlog on public.workflow_executions (organization_id, priority desc, id)
  where status = 'queued';

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
  status text not null default 'queued'
    check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled')),
  handled boolean not null default false,
  attempt int not null default 1 check (attempt > 0),
  input jsonb,
  output jsonb,
  error jsonb,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (execution_id, scope_id, path, iteration),
  check (status <> 'running' or started_at is not null),
  check ((finished_at is not null) = (status in ('succeeded', 'failed', 'skipped', 'cancelled'))),
  check (status <> 'failed' or error is not null),
  check (not handled or status = 'failed')
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
