-- Admission: which queued executions begin, and when. An execution of a workflow without limits waits in
-- its organisation's backlog until the organisation has capacity; the others wait in lanes.

-- How many more strands an organisation may have ready or running.
create function workflow.free_capacity(p_organization uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (
    select max_in_flight - (
      select count(*)::int from (
        select from workflow.strands s
          where s.organization_id = p_organization and not s.waiting limit max_in_flight) in_flight)
    from workflow.settings);
end $$;

-- Which of an organisation's backlog are next: `p_limit` at most. Three with a priority above 0 for each one
-- without, whichever waits; within either, the higher priority first, then the older.
create function workflow.next_in_backlog(p_organization uuid, p_limit int) returns uuid[]
language plpgsql volatile set search_path = '' as $$
declare
  v_high uuid[] := workflow.backlog_of(p_organization, 1, 100, p_limit);
  v_normal uuid[] := workflow.backlog_of(p_organization, -100, 0, p_limit);
  v_next uuid[] := '{}';
  v_highs int := 1;
  v_normals int := 1;
begin
  while cardinality(v_next) < p_limit and cardinality(v_next) < cardinality(v_high) + cardinality(v_normal) loop
    if v_highs > cardinality(v_high)
      or (v_normals <= cardinality(v_normal) and nextval('workflow.admission_turns') % 4 = 0) then
      v_next := v_next || v_normal[v_normals];
      v_normals := v_normals + 1;
    else
      v_next := v_next || v_high[v_highs];
      v_highs := v_highs + 1;
    end if;
  end loop;
  return v_next;
end $$;
create sequence workflow.admission_turns;

create function workflow.backlog_of(p_organization uuid, p_least int, p_most int, p_limit int) returns uuid[]
language plpgsql stable set search_path = '' as $$
begin
  return array(
    select e.id from public.workflow_executions e
    where e.organization_id = p_organization and e.status = 'queued' and e.lane is null
      and e.priority between p_least and p_most
    order by e.priority desc, e.id limit p_limit);
end $$;

-- Admits an organisation's backlog as far as its capacity reaches. Not within a test run, which would hold
-- what it admits and then take it back.
create function workflow.admit_organization(p_organization uuid) returns int
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
begin
  if workflow.is_testing() then
    return 0;
  end if;
  v_ids := workflow.next_in_backlog(p_organization, workflow.free_capacity(p_organization));
  v_ids := array(
    select id from public.workflow_executions
      where id = any (v_ids) and status = 'queued' order by id for no key update skip locked);
  if cardinality(v_ids) > 0 then
    perform workflow.launch(v_ids);
  end if;
  return cardinality(v_ids);
end $$;

-- Organisations with a backlog, found one after the other in the index.
create function workflow.organizations_in_backlog() returns setof uuid
language plpgsql stable set search_path = '' as $$
declare
  v_organization uuid := '00000000-0000-0000-0000-000000000000';
begin
  loop
    select organization_id into v_organization from public.workflow_executions
      where status = 'queued' and lane is null and organization_id > v_organization order by organization_id limit 1;
    exit when not found;
    return next v_organization;
  end loop;
end $$;

-- Admits every organisation's backlog and what its limits let through; one session at a time, the others
-- have nothing to add.
create function workflow.admit() returns int
language plpgsql set search_path = '' as $$
declare
  v_organization uuid;
  v_admitted int := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('workflow.admit')) then
    return 0;
  end if;
  for v_organization in select * from workflow.organizations_in_backlog() loop
    v_admitted := v_admitted + workflow.admit_organization(v_organization);
  end loop;
  v_admitted := v_admitted + workflow.admit_lanes();
  return v_admitted;
end $$;
