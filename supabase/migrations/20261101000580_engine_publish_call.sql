-- Publishing in one call, so that a definition which the database refuses leaves no workflow behind. A client
-- of the tables does the same in two: a row of workflows, then one of workflow_versions.

-- Publishes a compiled definition as the caller: as the next version of a workflow, or as a new workflow of an
-- organisation. `{ workflow_id, version }`.
create function public.publish_workflow(definition jsonb, plan jsonb, workflow_id uuid default null,
  organization_id uuid default null, category text default null, template_id text default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_workflow uuid := publish_workflow.workflow_id;
  v_version int;
begin
  if v_workflow is null then
    insert into public.workflows (organization_id, name, category, template_id)
      values (publish_workflow.organization_id, definition ->> 'name', publish_workflow.category, publish_workflow.template_id)
      returning id into v_workflow;
  elsif not exists (select from public.workflows w where w.id = v_workflow) then
    perform workflow.refuse('workflow_not_found', format('There is no workflow %s here.', v_workflow),
      'Check the id, and that you are a member of its organisation.');
  end if;
  insert into public.workflow_versions as v (workflow_id, definition, plan)
    values (v_workflow, publish_workflow.definition, publish_workflow.plan) returning v.version into v_version;
  return jsonb_build_object('workflow_id', v_workflow, 'version', v_version);
end $$;

revoke execute on function public.publish_workflow(jsonb, jsonb, uuid, uuid, text, text) from public, anon;
grant execute on function public.publish_workflow(jsonb, jsonb, uuid, uuid, text, text) to authenticated, service_role;
