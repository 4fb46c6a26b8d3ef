-- Rule trees: the filters of event triggers, evaluated per changed row and workflow.
--
-- { "all": [...] }, { "any": [...] }, { "not": ... } or a comparison { "field", "op", "value" | "ref" }.
-- Null, and values of different types, match under no comparison, also not under `neq`. TypeScript gives
-- the same answers (shared/expression/rules.ts); test/vectors/rules.json holds both to them.
--
-- All of it is PL/pgSQL: its simple expressions run without an executor, which a SQL function sets up at
-- each call. Every call also sets and resets the search path, so the usual comparisons are made on the spot.

-- A string of more than 15 significant digits is a number that travelled as text: beside a number, or
-- beside another such string, it is compared as one. Null when the value is no number.
create function workflow.rule_number(p_value jsonb) returns numeric
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_text text := p_value #>> '{}';
begin
  if jsonb_typeof(p_value) = 'number' then
    return v_text::numeric;
  elsif jsonb_typeof(p_value) = 'string' and length(v_text) between 16 and 1000
    and length(ltrim(translate(v_text, '-.', ''), '0')) > 15 and v_text ~ '^-?[0-9]+(\.[0-9]+)?$' then
    return v_text::numeric;
  end if;
  return null;
end $$;

-- Null when either is null or their types differ.
create function workflow.rule_equals(p_left jsonb, p_right jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  if p_left = 'null' or p_right = 'null' then
    return null;
  elsif jsonb_typeof(p_left) = jsonb_typeof(p_right) then
    return p_left = p_right;
  end if;
  return workflow.rule_number(p_left) = workflow.rule_number(p_right);
end $$;

create function workflow.rule_text_order(p_left jsonb, p_right jsonb) returns int
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_left text collate "C" := p_left #>> '{}';
  v_right text collate "C" := p_right #>> '{}';
begin
  if jsonb_typeof(p_left) <> 'string' or jsonb_typeof(p_right) <> 'string' then
    return null;
  end if;
  return case when v_left < v_right then -1 when v_left > v_right then 1 else 0 end;
end $$;

-- -1, 0 or 1; null when the two have no order. Text is ordered by code point.
create function workflow.rule_order(p_left jsonb, p_right jsonb) returns int
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  if length(p_left #>> '{}') > 15 or length(p_right #>> '{}') > 15 then
    return coalesce(sign(workflow.rule_number(p_left) - workflow.rule_number(p_right)),
      workflow.rule_text_order(p_left, p_right));
  end if;
  return workflow.rule_text_order(p_left, p_right);
end $$;

-- Whether an element of the list equals the value. Scalars are looked for at once, numbers that may have
-- travelled as text one by one.
create function workflow.rule_in(p_value jsonb, p_list jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  if jsonb_typeof(p_list) <> 'array' then
    return null;
  elsif jsonb_typeof(p_value) not in ('object', 'array') and p_list @> p_value then
    return p_value <> 'null';
  elsif jsonb_typeof(p_value) not in ('object', 'array') and workflow.rule_number(p_value) is null then
    return false;
  end if;
  for i in 0 .. jsonb_array_length(p_list) - 1 loop
    if workflow.rule_equals(p_value, p_list -> i) then
      return true;
    end if;
  end loop;
  return false;
end $$;

create function workflow.rule_not_in(p_value jsonb, p_list jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  if jsonb_typeof(p_list) <> 'array' then
    return null;
  end if;
  for i in 0 .. jsonb_array_length(p_list) - 1 loop
    if workflow.rule_equals(p_value, p_list -> i) is distinct from false then
      return false;
    end if;
  end loop;
  return true;
end $$;

-- Part of a text, or an element of a list; null when the types fit neither.
create function workflow.rule_contains(p_left jsonb, p_right jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  if jsonb_typeof(p_left) = 'string' and jsonb_typeof(p_right) = 'string' then
    return strpos(p_left #>> '{}', p_right #>> '{}') > 0;
  elsif jsonb_typeof(p_left) = 'array' and jsonb_typeof(p_right) not in ('object', 'array') then
    return workflow.rule_in(p_right, p_left);
  end if;
  return null;
end $$;

-- A timestamp or date as Postgres writes it into JSON; without a zone it is UTC. Everything the casts could
-- raise is ruled out before, so that the function stays parallel safe. The pattern captures nothing:
-- capturing groups made it 30 times slower.
create function workflow.rule_time(p_text text) returns timestamptz
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_day int;
begin
  if p_text !~ ('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([T ]([01][0-9]|2[0-3]):[0-5][0-9]'
    '(:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?)?$')
    or left(p_text, 4) = '0000' then
    return null;
  end if;
  v_day := substr(p_text, 9, 2);
  if v_day > 28 and v_day > extract(day from (left(p_text, 8) || '01')::date + interval '1 month - 1 day') then
    return null;
  elsif length(p_text) = 10 then
    p_text := p_text || ' 00:00Z';
  elsif p_text !~ '(Z|[+-][0-9:]{2,5})$' then
    p_text := p_text || 'Z';
  end if;
  -- The cast would round what is beyond microseconds, and a moment later might be the next one.
  if p_text ~ '[.][0-9]{7}' then
    p_text := regexp_replace(p_text, '([.][0-9]{6})[0-9]+', '\1');
  end if;
  return p_text::timestamptz;
end $$;

-- A timestamp, or { "now": "-3d" } counted from p_now; null when it is neither. A day has 24 hours.
create function workflow.rule_moment(p_value jsonb, p_now timestamptz) returns timestamptz
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_text text := p_value ->> 'now';
  v_seconds float8;
begin
  if jsonb_typeof(p_value) = 'string' then
    return workflow.rule_time(p_value #>> '{}');
  elsif jsonb_typeof(p_value -> 'now') is distinct from 'string' or v_text in ('', '-') or v_text !~
    '^-?([0-9]{1,4}w)?([0-9]{1,5}d)?([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?([0-9]{1,9}ms)?$' then
    return null;
  end if;
  v_seconds := coalesce(substring(v_text, '([0-9]+)w')::float8, 0) * 604800
    + coalesce(substring(v_text, '([0-9]+)d')::float8, 0) * 86400
    + coalesce(substring(v_text, '([0-9]+)h')::float8, 0) * 3600
    + coalesce(substring(v_text, '([0-9]+)m(?!s)')::float8, 0) * 60
    + coalesce(substring(v_text, '([0-9]+)s')::float8, 0)
    + coalesce(substring(v_text, '([0-9]+)ms')::float8, 0) / 1000;
  return p_now + make_interval(secs => case when v_text like '-%' then -v_seconds else v_seconds end);
end $$;

create function workflow.rule_compare(p_op text, p_left jsonb, p_right jsonb, p_now timestamptz) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_texts boolean := jsonb_typeof(p_left) = 'string' and jsonb_typeof(p_right) = 'string';
begin
  case p_op
    when 'gte' then return workflow.rule_order(p_left, p_right) >= 0;
    when 'gt' then return workflow.rule_order(p_left, p_right) > 0;
    when 'lte' then return workflow.rule_order(p_left, p_right) <= 0;
    when 'lt' then return workflow.rule_order(p_left, p_right) < 0;
    when 'in' then return workflow.rule_in(p_left, p_right);
    when 'notIn' then return workflow.rule_not_in(p_left, p_right);
    when 'eq' then return workflow.rule_equals(p_left, p_right);
    when 'neq' then return not workflow.rule_equals(p_left, p_right);
    when 'contains' then return workflow.rule_contains(p_left, p_right);
    when 'notContains' then return not workflow.rule_contains(p_left, p_right);
    when 'startsWith' then return v_texts and starts_with(p_left #>> '{}', p_right #>> '{}');
    when 'endsWith' then
      return v_texts and right(p_left #>> '{}', length(p_right #>> '{}')) = p_right #>> '{}';
    when 'before' then
      return jsonb_typeof(p_left) = 'string'
        and workflow.rule_time(p_left #>> '{}') < workflow.rule_moment(p_right, p_now);
    when 'after' then
      return jsonb_typeof(p_left) = 'string'
        and workflow.rule_time(p_left #>> '{}') > workflow.rule_moment(p_right, p_now);
    else
      perform workflow.refuse('invalid_rule', format('Not a rule tree: there is no op %L.', p_op));
  end case;
end $$;

-- Whether the row's value at the path differs from the one before; a missing value counts as null.
create function workflow.rule_changed(p_path text[], p_value jsonb, p_context jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_record int := array_position(p_path, 'record');
begin
  if v_record is null then
    perform workflow.refuse('invalid_rule', 'Not a rule tree: `changed` takes a field of `record`.');
  end if;
  p_path[v_record] := 'old_record';
  return p_value is distinct from nullif(p_context #> p_path, 'null');
end $$;

-- What is wrong with a comparison, null when nothing is.
create function workflow.rule_leaf_problem(p_rule jsonb, p_op text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return case
    when jsonb_typeof(p_rule -> 'field') is distinct from 'string' or p_rule ->> 'field' = '' then '`field` is a path'
    when p_op in ('isNull', 'isEmpty', 'changed') then null
    when p_op is null or p_op not in ('eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'in', 'notIn', 'contains',
      'notContains', 'startsWith', 'endsWith', 'before', 'after') then format('there is no op %L', p_op)
    when jsonb_typeof(p_rule -> 'ref') <> 'string' then '`ref` is a path'
    when not p_rule ?| '{ref,value}' then format('`%s` needs a value or a ref', p_op)
  end;
end $$;

-- A comparison whose other value is missing: one of the ops that take none, or false.
create function workflow.rule_unary_matches(p_rule jsonb, p_op text, p_left jsonb, p_context jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_problem text := workflow.rule_leaf_problem(p_rule, p_op);
begin
  if v_problem is not null then
    perform workflow.refuse('invalid_rule', format('Not a rule tree: %s.', v_problem));
  elsif p_op not in ('isNull', 'isEmpty', 'changed') then
    return false;
  end if;
  return case p_op
    when 'isNull' then p_left is null
    when 'isEmpty' then p_left is null or p_left in ('""', '[]', '{}')
    else workflow.rule_changed(string_to_array(p_rule ->> 'field', '.'), p_left, p_context)
    end <> coalesce(p_rule -> 'value' = 'false', false);
end $$;

create function workflow.rule_leaf_matches(p_rule jsonb, p_context jsonb, p_now timestamptz) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_op text := p_rule ->> 'op';
  v_left jsonb := nullif(p_context #> nullif(string_to_array(p_rule ->> 'field', '.'), '{}'), 'null');
  v_right jsonb := nullif(case when p_rule ? 'ref'
    then p_context #> string_to_array(p_rule ->> 'ref', '.') else p_rule -> 'value' end, 'null');
  v_type text := jsonb_typeof(v_left);
begin
  if v_left is null or v_right is null or v_op in ('isNull', 'isEmpty', 'changed') then
    return workflow.rule_unary_matches(p_rule, v_op, v_left, p_context);
  elsif v_op = 'eq' and v_type = jsonb_typeof(v_right) then
    return v_left = v_right;
  elsif v_op in ('gt', 'gte', 'lt', 'lte') and v_type = 'number' and jsonb_typeof(v_right) = 'number' then
    return case v_op when 'gt' then v_left > v_right when 'gte' then v_left >= v_right
      when 'lt' then v_left < v_right else v_left <= v_right end;
  end if;
  return coalesce(workflow.rule_compare(v_op, v_left, v_right, p_now), false);
end $$;

-- Whether a rule tree matches { "record": …, "old_record": …, "variables": … }. Raises `invalid_rule` when the
-- part that is reached is no rule tree, and nothing else.
create function workflow.rule_matches(p_rule jsonb, p_context jsonb, p_now timestamptz default now())
returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_all boolean := p_rule ? 'all';
  v_rules jsonb;
  v_rule jsonb;
begin
  if p_rule ? 'field' then
    return workflow.rule_leaf_matches(p_rule, p_context, p_now);
  elsif jsonb_typeof(p_rule) is distinct from 'object' then
    perform workflow.refuse('invalid_rule', 'Not a rule tree: a rule is an object.');
  elsif p_rule - array['all', 'any', 'not'] <> '{}'
    or (p_rule ? 'all')::int + (p_rule ? 'any')::int + (p_rule ? 'not')::int <> 1 then
    perform workflow.refuse('invalid_rule', 'Not a rule tree: it has one of all, any, not, field.');
  elsif p_rule ? 'not' then
    return not workflow.rule_matches(p_rule -> 'not', p_context, p_now);
  end if;
  v_rules := p_rule -> case when v_all then 'all' else 'any' end;
  if jsonb_typeof(v_rules) <> 'array' then
    perform workflow.refuse('invalid_rule', 'Not a rule tree: all and any take a list.');
  end if;
  for i in 0 .. jsonb_array_length(v_rules) - 1 loop
    v_rule := v_rules -> i;
    if (case when v_rule ? 'field' then workflow.rule_leaf_matches(v_rule, p_context, p_now)
      else workflow.rule_matches(v_rule, p_context, p_now) end) <> v_all then
      return not v_all;
    end if;
  end loop;
  return v_all;
end $$;

revoke execute on function workflow.rule_number(jsonb), workflow.rule_equals(jsonb, jsonb),
  workflow.rule_text_order(jsonb, jsonb), workflow.rule_order(jsonb, jsonb), workflow.rule_in(jsonb, jsonb), workflow.rule_not_in(jsonb, jsonb),
  workflow.rule_contains(jsonb, jsonb), workflow.rule_time(text), workflow.rule_moment(jsonb, timestamptz),
  workflow.rule_compare(text, jsonb, jsonb, timestamptz), workflow.rule_changed(text[], jsonb, jsonb),
  workflow.rule_leaf_problem(jsonb, text),
  workflow.rule_unary_matches(jsonb, text, jsonb, jsonb),
  workflow.rule_leaf_matches(jsonb, jsonb, timestamptz), workflow.rule_matches(jsonb, jsonb, timestamptz)
from public;
