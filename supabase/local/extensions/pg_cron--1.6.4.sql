-- Stand-in for pg_cron 1.6.4. A job is a row of cron.job; every change of that table is notified to the ticker, which runs
-- due jobs as the role that scheduled them and writes cron.job_run_details. Signatures and parameter names are pg_cron's own.

create schema cron;
create sequence cron.jobid_seq;
create sequence cron.runid_seq;

create table cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport int not null default coalesce(inet_server_port(), 5432),
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);

create table cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);

create function cron.job_cache_invalidate() returns trigger language plpgsql set search_path = '' as $$
begin
  perform pg_notify('pg_cron', '');
  return null;
end
$$;
create trigger cron_job_cache_invalidate after insert or update or delete or truncate on cron.job
  for each statement execute function cron.job_cache_invalidate();

-- One of the five fields: '*', numbers, ranges, both with a step, in a list.
create function cron._is_field(p_field text, p_low int, p_high int) returns boolean
language sql immutable set search_path = '' as $$
  select coalesce(bool_and(coalesce(
    (m[1] = '*' or (m[2]::int >= p_low and m[2]::int <= coalesce(m[3], m[2])::int and coalesce(m[3], m[2])::int <= p_high))
    and (m[4] is null or (m[4]::int > 0 and (m[1] = '*' or m[3] is not null))), false)), false)
  from regexp_split_to_table(p_field, ',') as v_item,
    lateral (select regexp_match(v_item, '^(\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?$') as m) as matched
$$;

-- Names of months or days as their numbers.
create function cron._with_numbers(p_field text, p_names text[], p_first int) returns text
language plpgsql immutable set search_path = '' as $$
begin
  for v_index in 1 .. cardinality(p_names) loop
    p_field := regexp_replace(p_field, '\m' || p_names[v_index] || '\M', (v_index - 1 + p_first)::text, 'gi');
  end loop;
  return p_field;
end
$$;

create function cron._is_schedule(p_schedule text) returns boolean language plpgsql immutable set search_path = '' as $$
declare
  v_fields text[] := regexp_split_to_array(btrim(p_schedule), '\s+');
begin
  if p_schedule ~* '^\s*([1-9]|[1-5][0-9])\s+seconds?\s*$'
    or lower(p_schedule) in ('@reboot', '@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly') then
    return true;
  end if;
  return cardinality(v_fields) = 5
    and cron._is_field(v_fields[1], 0, 59)
    and cron._is_field(v_fields[2], 0, 23)
    and (v_fields[3] = '$' or cron._is_field(v_fields[3], 1, 31))
    and cron._is_field(cron._with_numbers(v_fields[4], '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}', 1), 1, 12)
    and cron._is_field(cron._with_numbers(v_fields[5], '{sun,mon,tue,wed,thu,fri,sat}', 0), 0, 7);
end
$$;

create function cron._check(p_schedule text, p_username text, p_caller text) returns void
language plpgsql set search_path = '' as $$
begin
  if not cron._is_schedule(p_schedule) then
    raise exception 'invalid schedule: %', p_schedule using errcode = 'invalid_parameter_value',
      hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
  end if;
  if p_username <> p_caller and not (select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = p_caller) then
    raise exception 'must be superuser to create a job for another role' using errcode = 'insufficient_privilege';
  end if;
end
$$;

-- Writes cron.job for a caller who may not. It is told who calls, because inside it current_user is the owner.
create function cron._save(
  p_caller text, p_name text, p_schedule text, p_command text, p_database text, p_username text, p_active boolean
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
  v_id bigint;
begin
  perform cron._check(p_schedule, p_username, p_caller);
  insert into cron.job (jobname, schedule, command, database, username, active)
  values (p_name, p_schedule, p_command, p_database, p_username, p_active)
  on conflict on constraint jobname_username_uniq do update
    set schedule = excluded.schedule, command = excluded.command, database = excluded.database, active = excluded.active
  returning jobid into v_id;
  return v_id;
end
$$;

create function cron.schedule(schedule text, command text) returns bigint
language sql strict set search_path = '' as $$
  select cron._save(current_user, null, schedule, command, current_database(), current_user, true)
$$;

create function cron.schedule(job_name text, schedule text, command text) returns bigint
language sql set search_path = '' as $$
  select cron._save(current_user, job_name, schedule, command, current_database(), current_user, true)
$$;

create function cron.schedule_in_database(
  job_name text, schedule text, command text, database text, username text default null, active boolean default true
) returns bigint language sql set search_path = '' as $$
  select cron._save(current_user, job_name, schedule, command, database, coalesce(username, current_user), active)
$$;

create function cron._alter(
  p_caller text, p_id bigint, p_schedule text, p_command text, p_database text, p_username text, p_active boolean
) returns void language plpgsql security definer set search_path = '' as $$
declare
  v_job cron.job;
begin
  select * into v_job from cron.job as j where j.jobid = p_id and (j.username = p_caller
    or (select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = p_caller));
  if not found then
    raise exception 'Job % does not exist or you don''t own it', p_id;
  end if;
  perform cron._check(coalesce(p_schedule, v_job.schedule), coalesce(p_username, v_job.username), p_caller);
  update cron.job set schedule = coalesce(p_schedule, schedule), command = coalesce(p_command, command),
    database = coalesce(p_database, database), username = coalesce(p_username, username), active = coalesce(p_active, active)
  where jobid = p_id;
end
$$;

create function cron.alter_job(
  job_id bigint, schedule text default null, command text default null, database text default null,
  username text default null, active boolean default null
) returns void language sql set search_path = '' as $$
  select cron._alter(current_user, job_id, schedule, command, database, username, active)
$$;

create function cron._remove(p_caller text, p_id bigint, p_name text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from cron.job as j where (j.jobid = p_id or j.jobname = p_name) and (j.username = p_caller
    or (p_name is null and (select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = p_caller)));
  if not found then
    raise exception 'could not find valid entry for job ''%''', coalesce(p_name, p_id::text);
  end if;
  return true;
end
$$;

create function cron.unschedule(job_id bigint) returns boolean language sql strict set search_path = '' as $$
  select cron._remove(current_user, job_id, null)
$$;

create function cron.unschedule(job_name text) returns boolean language sql strict set search_path = '' as $$
  select cron._remove(current_user, null, job_name)
$$;

-- pg_cron's grants, then hosted's: every role may look at its own jobs; postgres schedules and reads all, cleans the run
-- details, and never writes cron.job itself.
grant select on cron.job to public;
grant select, delete on cron.job_run_details to public;
grant usage on schema cron to postgres with grant option;
grant execute on all functions in schema cron to postgres with grant option;
grant all on cron.job_run_details to postgres with grant option;
grant select on cron.job to postgres with grant option;
