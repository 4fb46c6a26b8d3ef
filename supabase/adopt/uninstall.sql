-- Takes the workflow engine out of this database: its triggers on your tables, its own tables with all workflows,
-- executions and logs, its queues, its pg_cron job and schema workflow. Your tables and their rows stay. So do the
-- extensions and the Vault entries project_url and secret_key, which others may use.
--
-- Where something of yours needs the engine (a policy that calls workflow.has_role, a foreign key to workflows), this
-- fails, names it, and changes nothing.

select workflow.unwatch_table(format('%I.%I', relnamespace::regnamespace, relname))
  from workflow.watched_tables join pg_catalog.pg_class on pg_class.oid = relation;

select cron.unschedule(jobid) from cron.job where jobname = 'workflow-sweep';

drop policy if exists workflow_channels on realtime.messages;

-- Values of organisations' secrets.
delete from vault.secrets where name like 'workflow\_secret:%';

-- Tables and functions of schema public refer to schema workflow and the other way round: brought together, all of it can
-- go at once, and what else refers to it stands out.
do $$
declare
  v_table text;
  v_function regprocedure;
begin
  foreach v_table in array array[
      :tables
  ] loop
    execute format('alter table public.%I set schema workflow', v_table);
  end loop;
  for v_function in
    select oid from pg_catalog.pg_proc
      where pronamespace = 'public'::regnamespace and prosrc ~ '\mworkflow\.' and proname in (
      :functions)
  loop
    execute format('alter function %s set schema workflow', v_function);
  end loop;
end $$;

select pgmq.drop_queue('workflow');
select pgmq.drop_queue('workflow_bulk');

do $$
declare
  v_dependents text;
begin
  with inside as (
    select 'pg_class'::regclass as classid, oid as objid from pg_catalog.pg_class where relnamespace = 'workflow'::regnamespace
    union all
    select 'pg_proc'::regclass, oid from pg_catalog.pg_proc where pronamespace = 'workflow'::regnamespace
    union all
    select 'pg_type'::regclass, oid from pg_catalog.pg_type where typnamespace = 'workflow'::regnamespace
  )
  select string_agg(distinct pg_describe_object(d.classid, d.objid, d.objsubid), ', ') into v_dependents
    from inside i
    join pg_catalog.pg_depend d on (d.refclassid, d.refobjid) = (i.classid, i.objid) and d.deptype in ('n', 'a'),
    lateral pg_identify_object(d.classid, d.objid, d.objsubid) o,
    lateral pg_identify_object_as_address(d.classid, d.objid, d.objsubid) a
    where coalesce(o.schema, a.object_names[1]) is distinct from 'workflow';
  if v_dependents is not null then
    raise exception using message = 'Something still needs the workflow engine: ' || v_dependents || '.',
      hint = 'Drop or replace it in a migration before this one.';
  end if;
end $$;

drop schema workflow cascade;
