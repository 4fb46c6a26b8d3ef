-- Nobody but the owner calls the state machine. What policies and defaults evaluate in the caller's
-- name is listed here; triggers need no grant.

revoke execute on all functions in schema workflow from public, anon, authenticated, service_role;
revoke all on all tables in schema workflow from public, anon, authenticated, service_role;

grant execute on function workflow.new_id(), workflow.member_organizations(text), workflow.has_role(uuid, text),
  workflow.may_listen(text), workflow.is_client(), workflow.refuse(text, text, text),
  workflow.lane_of(text, jsonb, jsonb, jsonb), workflow.has_limits(jsonb),
  workflow.prepare_retry(public.workflow_executions, int), workflow.follow_cause(public.workflow_executions),
  workflow.check_bulk(uuid, int), workflow.retry_once(uuid, text, text),
  workflow.prepare_test(public.workflow_executions), workflow.complete_record(jsonb, uuid),
  workflow.is_legal_execution(text, text, jsonb, timestamptz, timestamptz),
  workflow.is_legal_step(text, boolean, jsonb, timestamptz, timestamptz)
  to authenticated, service_role;
grant execute on function workflow.webhook_with_token(uuid, interval), workflow.issue_webhook_token(uuid, interval),
  workflow.store_secret(uuid, text, text, text[])
  to authenticated, service_role;
grant execute on function workflow.record_is_visible(jsonb), workflow.describe_entity(text) to authenticated, service_role;
grant execute on function workflow.time_schedule(public.scheduled_workflows),
  workflow.next_runs(text, text, timestamptz, int) to authenticated, service_role;
grant execute on function workflow.differing_paths(jsonb, jsonb, text) to authenticated, service_role;
-- Health: of the project for the service role, of an organisation for its admins, under their own rights.
grant execute on function workflow.health() to service_role;
grant execute on function workflow.organization_health(uuid), workflow.check_late_schedules(uuid),
  workflow.check_failing_schedules(uuid), workflow.check_paused_by_rule(uuid), workflow.check_backlog(uuid),
  workflow.finding(text, text, text, text), workflow.grade(numeric, numeric, numeric),
  workflow.seconds_since(timestamptz, timestamptz), workflow.describe_seconds(numeric), workflow.clock()
  to authenticated, service_role;
