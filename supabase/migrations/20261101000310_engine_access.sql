-- Who may see and do what. Each policy asks member_organizations once a statement, never once a row:
-- one uncorrelated sub-select per role, hashed by the planner.

alter table public.workflows enable row level security;
alter table public.workflow_versions enable row level security;
alter table public.workflow_executions enable row level security;
alter table public.workflow_execution_steps enable row level security;
alter table public.workflow_audit_log enable row level security;

revoke all on public.workflows, public.workflow_versions, public.workflow_executions,
  public.workflow_execution_steps, public.workflow_audit_log from anon, authenticated, service_role;

grant select, insert, delete on public.workflows to authenticated;
grant update (name, description, category, status, active_version, draft, draft_revision, min_role, settings)
  on public.workflows to authenticated;
grant select, insert on public.workflow_versions to authenticated;
grant select, insert on public.workflow_executions to authenticated;
grant update (status) on public.workflow_executions to authenticated;
grant select on public.workflow_execution_steps, public.workflow_audit_log to authenticated;
grant all on public.workflows, public.workflow_versions, public.workflow_executions,
  public.workflow_execution_steps, public.workflow_audit_log to service_role;

create policy members_see on public.workflows for select to authenticated using (
  (min_role = 'viewer' and organization_id in (select workflow.member_organizations('viewer')))
  or (min_role = 'editor' and organization_id in (select workflow.member_organizations('editor')))
  or (min_role = 'admin' and organization_id in (select workflow.member_organizations('admin')))
  or (min_role = 'owner' and organization_id in (select workflow.member_organizations('owner'))));
create policy editors_create on public.workflows for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_change on public.workflows for update to authenticated
  using (organization_id in (select workflow.member_organizations('editor')))
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy admins_delete on public.workflows for delete to authenticated
  using (organization_id in (select workflow.member_organizations('admin')));

-- A version is visible with its workflow, and published by whoever may edit the workflow.
create policy members_see on public.workflow_versions for select to authenticated
  using (workflow_id in (select id from public.workflows));
create policy editors_publish on public.workflow_versions for insert to authenticated with check (
  workflow_id in (select id from public.workflows
                  where organization_id in (select workflow.member_organizations('editor'))));

create policy members_see on public.workflow_executions for select to authenticated using (
  (min_role = 'viewer' and organization_id in (select workflow.member_organizations('viewer')))
  or (min_role = 'editor' and organization_id in (select workflow.member_organizations('editor')))
  or (min_role = 'admin' and organization_id in (select workflow.member_organizations('admin')))
  or (min_role = 'owner' and organization_id in (select workflow.member_organizations('owner'))));
create policy editors_start on public.workflow_executions for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));
-- Cancelling is the only change a user makes: from an open status to cancelled.
create policy editors_cancel on public.workflow_executions for update to authenticated
  using (status in ('queued', 'running', 'waiting') and organization_id in (select workflow.member_organizations('editor')))
  with check (status = 'cancelled' and organization_id in (select workflow.member_organizations('editor')));

create policy members_see on public.workflow_execution_steps for select to authenticated using (
  (min_role = 'viewer' and organization_id in (select workflow.member_organizations('viewer')))
  or (min_role = 'editor' and organization_id in (select workflow.member_organizations('editor')))
  or (min_role = 'admin' and organization_id in (select workflow.member_organizations('admin')))
  or (min_role = 'owner' and organization_id in (select workflow.member_organizations('owner'))));

create policy admins_see on public.workflow_audit_log for select to authenticated
  using (organization_id in (select workflow.member_organizations('admin')));
