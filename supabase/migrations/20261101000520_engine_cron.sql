-- Cron expressions: minute, hour, day of month, month, day of week, read in a time zone.
--
--   *  5  1-5  */15  10-30/5  5/15  MON-FRI  JAN,JUL  L (the last day of the month), and lists of them
--
-- shared/definition/cron.ts accepts exactly this language, and tests hold both to the library croner. A day has to
-- fit day of month OR day of week where both are given; only a `*` alone leaves a day open.
--
-- Where clocks change, a schedule without `*` and steps in minute and hour names times of day: one that comes twice
-- runs the first time only, one that does not exist runs when the gap ends, unless that is the next day. Any other
-- schedule follows the clock: it runs in both passes of a repeated hour, and nothing runs inside a gap.

create type workflow.cron_fields as (
  minutes int[], hours int[], days int[], months int[], weekdays int[],
  last_day boolean, any_day boolean, any_weekday boolean, fixed boolean
);

create function workflow.refuse_cron(p_problem text) returns void
language plpgsql set search_path = '' as $$
begin
  perform workflow.refuse('invalid_cron', p_problem, 'Write five fields, such as "0 9 * * 1-5".');
end $$;

-- A number or an English name; null when it is none.
create function workflow.cron_value(p_text text, p_least int, p_most int, p_names text[]) returns int
language plpgsql immutable set search_path = '' as $$
declare
  v_value int := coalesce(array_position(p_names, p_text) - 1 + p_least,
    case when p_text ~ '^[0-9]{1,2}$' then p_text::int end);
begin
  return case when v_value between p_least and p_most then v_value end;
end $$;

-- The values of one field. `p_end` is where steps end that have no end of their own: day of week counts Sunday
-- twice, and a range to SUN ends with the second.
create function workflow.cron_values(p_text text, p_name text, p_least int, p_most int, p_end int, p_names text[])
returns int[]
language plpgsql immutable set search_path = '' as $$
declare
  v_part text;
  v_match text[];
  v_from int;
  v_to int;
  v_step int;
  v_values int[] := '{}';
begin
  foreach v_part in array string_to_array(lower(p_text), ',') loop
    v_match := regexp_match(v_part, '^(?:(\*)|([a-z]{3}|[0-9]{1,2})(?:-([a-z]{3}|[0-9]{1,2}))?)(?:/([1-9][0-9]?))?$');
    v_step := coalesce(v_match[4]::int, 1);
    v_from := case when v_match[1] is null then workflow.cron_value(v_match[2], p_least, p_most, p_names) else p_least end;
    v_to := case when v_match[3] = 'sun' then p_most
      when v_match[3] is not null then workflow.cron_value(v_match[3], p_least, p_most, p_names)
      when v_match[1] is not null or v_match[4] is not null then p_end else v_from end;
    if (v_from <= v_to and v_step <= p_end - p_least + 1) is not true then
      perform workflow.refuse_cron(format('"%s" is no %s (%s-%s).', p_text, p_name, p_least, p_most));
    end if;
    while v_from <= v_to loop
      v_values := v_values || v_from;
      v_from := v_from + v_step;
    end loop;
  end loop;
  return v_values;
end $$;

-- Whether some month has one of these days; what has not would never run.
create function workflow.cron_day_exists(p_fields workflow.cron_fields) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_fields.last_day or p_fields.days[1] < 30 or not (p_fields.any_day or p_fields.any_weekday) or exists (
    select from unnest(p_fields.months) m, unnest(p_fields.days) d
    where d <= (array[31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[m]);
end $$;

-- Reads an expression, or refuses it with `invalid_cron`.
create function workflow.parse_cron(p_cron text) returns workflow.cron_fields
language plpgsql immutable strict set search_path = '' as $$
declare
  v_parts text[] := regexp_split_to_array(btrim(p_cron, E' \t\r\n'), '[ \t\r\n]+');
  v_days text[];
  v_fields workflow.cron_fields;
begin
  if cardinality(v_parts) <> 5 then
    perform workflow.refuse_cron(format('It has %s fields instead of 5.', cardinality(v_parts)));
  end if;
  v_days := array_remove(string_to_array(upper(v_parts[3]), ','), 'L');
  v_fields.last_day := upper(v_parts[3]) ~ '(^|,)L(,|$)';
  v_fields.minutes := workflow.cron_values(v_parts[1], 'minute', 0, 59, 59, '{}');
  v_fields.hours := workflow.cron_values(v_parts[2], 'hour', 0, 23, 23, '{}');
  v_fields.days := case when v_days = '{}' then '{}'
    else workflow.cron_values(array_to_string(v_days, ','), 'day of month', 1, 31, 31, '{}') end;
  v_fields.months := workflow.cron_values(v_parts[4], 'month', 1, 12, 12,
    '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
  v_fields.weekdays := array(select w % 7 from unnest(
    workflow.cron_values(v_parts[5], 'day of week', 0, 7, 6, '{sun,mon,tue,wed,thu,fri,sat}')) w);
  v_fields.any_day := v_parts[3] = '*';
  v_fields.any_weekday := v_parts[5] = '*';
  v_fields.fixed := (v_parts[1] || v_parts[2]) !~ '[*/]';
  if not workflow.cron_day_exists(v_fields) then
    perform workflow.refuse_cron('No such day exists, so it never runs.');
  end if;
  return v_fields;
end $$;

create function workflow.cron_matches_day(p_fields workflow.cron_fields, p_day date) returns boolean
language plpgsql immutable set search_path = '' as $$
declare
  v_of_month boolean := extract(day from p_day)::int = any (p_fields.days)
    or (p_fields.last_day and extract(day from p_day + 1) = 1);
  v_of_week boolean := extract(dow from p_day)::int = any (p_fields.weekdays);
begin
  return case when p_fields.any_weekday then v_of_month
    when p_fields.any_day then v_of_week
    else v_of_month or v_of_week end;
end $$;

-- The first time of a day from this hour and minute on; null when the day has no more.
create function workflow.next_time(p_fields workflow.cron_fields, p_hour int, p_minute int) returns time
language plpgsql immutable set search_path = '' as $$
declare
  v_minute int := case when p_hour = any (p_fields.hours) then (
    select min(m) from unnest(p_fields.minutes) m where m >= p_minute) end;
begin
  return case when v_minute is not null then make_time(p_hour, v_minute, 0)
    else make_time((select min(h) from unnest(p_fields.hours) h where h > p_hour),
      (select min(m) from unnest(p_fields.minutes) m), 0) end;
end $$;

-- The first local time, from this one on, that the calendar and the fields allow. Clock changes do not matter here.
create function workflow.next_local(p_fields workflow.cron_fields, p_from timestamp) returns timestamp
language plpgsql immutable set search_path = '' as $$
declare
  v_day date := p_from::date;
  v_time time := workflow.next_time(p_fields, extract(hour from p_from)::int, extract(minute from p_from)::int);
begin
  -- A leap day comes after eight years at the latest.
  while v_day < p_from::date + 3700 loop
    if extract(month from v_day)::int <> all (p_fields.months) then
      v_day := date_trunc('month', v_day + interval '1 month');
    elsif v_time is null or not workflow.cron_matches_day(p_fields, v_day) then
      v_day := v_day + 1;
    else
      return v_day + v_time;
    end if;
    v_time := workflow.next_time(p_fields, 0, 0);
  end loop;
  return null;
end $$;

-- When the clock changes between two moments, to the minute.
create function workflow.clock_change(p_timezone text, p_from timestamptz, p_to timestamptz) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return (
    select min(t) from generate_series(p_from, p_to, interval '1 minute') t
    where (t at time zone p_timezone) - (t at time zone 'UTC')
      <> (p_from at time zone p_timezone) - (p_from at time zone 'UTC'));
end $$;

-- The moments at which a clock shows a local time: one, two when it is set back over it, none when it skips it.
-- Then `skipped_until` is the end of the gap.
create function workflow.moments_of(p_local timestamp, p_timezone text,
  out first timestamptz, out second timestamptz, out skipped_until timestamptz)
language plpgsql stable set search_path = '' as $$
declare
  -- Postgres takes the later of two, and reads a skipped time as if the clock had not changed.
  v_moment timestamptz := p_local at time zone p_timezone;
  v_shown timestamp := v_moment at time zone p_timezone;
  -- The same local time under the offset of three hours before.
  v_before timestamptz := v_moment - ((v_moment - interval '3 hours') at time zone p_timezone
    - (v_shown - interval '3 hours'));
begin
  if v_shown <> p_local then
    skipped_until := workflow.clock_change(p_timezone, v_moment - (v_shown - p_local), v_moment);
  elsif v_before < v_moment and v_before at time zone p_timezone = p_local then
    first := v_before;
    second := v_moment;
  else
    first := v_moment;
  end if;
end $$;

-- The next run of a schedule that names times of day.
create function workflow.next_fixed_run(p_fields workflow.cron_fields, p_timezone text, p_after timestamptz)
returns timestamptz
language plpgsql stable set search_path = '' as $$
declare
  v_local timestamp := date_trunc('minute', p_after at time zone p_timezone);
  v_moments record;
begin
  loop
    v_local := workflow.next_local(p_fields, v_local + interval '1 minute');
    v_moments := workflow.moments_of(v_local, p_timezone);
    if v_local is null or v_moments.first > p_after then
      return v_moments.first;
    elsif v_moments.skipped_until > p_after
      and (v_moments.skipped_until at time zone p_timezone)::date = v_local::date then
      return v_moments.skipped_until;
    end if;
  end loop;
end $$;

-- The next run of a schedule that follows the clock.
create function workflow.next_repeated_run(p_fields workflow.cron_fields, p_timezone text, p_after timestamptz)
returns timestamptz
language plpgsql stable set search_path = '' as $$
declare
  v_at timestamptz := date_trunc('minute', p_after) + interval '1 minute';
  v_local timestamp;
  v_next timestamp;
  v_again timestamptz;
  v_moments record;
begin
  loop
    v_local := v_at at time zone p_timezone;
    v_next := workflow.next_local(p_fields, v_local);
    if v_next is null or v_next = v_local then
      return case when v_next is not null then v_at end;
    end if;
    v_moments := workflow.moments_of(v_next, p_timezone);
    v_again := v_local at time zone p_timezone;
    if v_again > v_at and v_moments.first is distinct from v_at + (v_next - v_local) then
      -- In the first pass of a repeated hour, and nothing more in it: on with the second.
      v_at := workflow.clock_change(p_timezone, v_at, v_again);
    elsif v_moments.first >= v_at then
      v_at := v_moments.first;
    else
      v_at := coalesce(v_moments.second, v_moments.skipped_until);
    end if;
  end loop;
end $$;

create function workflow.next_run(p_fields workflow.cron_fields, p_timezone text, p_after timestamptz) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return case when p_fields.fixed then workflow.next_fixed_run(p_fields, p_timezone, p_after)
    else workflow.next_repeated_run(p_fields, p_timezone, p_after) end;
end $$;

-- Names as the IANA writes them, in any case, and UTC and GMT. Postgres itself also takes abbreviations and
-- POSIX rules, which mean other things elsewhere.
create function workflow.is_timezone(p_name text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  if p_name !~* '^(UTC|GMT|Etc/GMT(\+([0-9]|1[0-2])|-([0-9]|1[0-4]))|[a-z]+([_/-][a-z]+)*/[a-z]+([_/-][a-z]+)*)$' then
    return false;
  end if;
  perform now() at time zone p_name;
  return true;
exception when invalid_parameter_value then
  return false;
end $$;

create function workflow.check_timezone(p_name text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if workflow.is_timezone(p_name) is not true then
    perform workflow.refuse('invalid_timezone', format('There is no time zone "%s".', p_name),
      'Write an IANA name, such as Europe/Berlin.');
  end if;
end $$;

-- The next runs of a cron expression after a moment, a hundred at most.
--
--   select * from workflow.next_runs('0 9 * * MON-FRI', 'Europe/Berlin');
create function workflow.next_runs(p_cron text, p_timezone text default 'UTC', p_from timestamptz default null,
  p_count int default 10) returns setof timestamptz
language plpgsql stable security definer set search_path = '' as $$
declare
  v_fields workflow.cron_fields := workflow.parse_cron(p_cron);
  v_run timestamptz := coalesce(p_from, workflow.now());
begin
  perform workflow.check_timezone(p_timezone);
  for v_count in 1 .. least(p_count, 100) loop
    v_run := workflow.next_run(v_fields, p_timezone, v_run);
    exit when v_run is null;
    return next v_run;
  end loop;
end $$;
