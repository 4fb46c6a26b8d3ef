-- After the general revoke: actions ask for entities as the user they run as.

grant execute on function workflow.describe_entity(text) to authenticated, service_role;
