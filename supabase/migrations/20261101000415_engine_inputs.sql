-- What a start is given has to fit the JSON Schema in the definition's `inputs`, whoever starts: a client, SQL,
-- pg_cron, a webhook. Rows that start a workflow give no input, so event starts are left alone.
--
-- The compiler refuses every keyword that is not evaluated here, so that no author relies on one.

create function workflow.type_of(p_value jsonb) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case when jsonb_typeof(p_value) = 'number' and trunc(p_value::numeric) = p_value::numeric then 'integer'
    else jsonb_typeof(p_value) end;
end $$;

create function workflow.join_path(p_path text, p_name text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return p_path || case when p_name ~ '^[A-Za-z_][A-Za-z0-9_]*$' then '.' || p_name else format('[%s]', to_json(p_name)) end;
end $$;

-- Everything in which a value does not fit a schema, one sentence each. Asks first which keywords there are:
-- calls that find nothing to check took most of the time.
create function workflow.input_errors(p_schema jsonb, p_value jsonb, p_path text) returns setof text
language plpgsql immutable set search_path = '' as $$
declare
  v_type text := workflow.type_of(p_value);
  v_types jsonb := case jsonb_typeof(p_schema -> 'type')
    when 'string' then jsonb_build_array(p_schema -> 'type') else p_schema -> 'type' end;
begin
  if p_schema = 'false' then
    return next format('%s may not be there', p_path);
  elsif not (v_types ? v_type or (v_type = 'integer' and v_types ? 'number')) then
    return next format('%s is of type %s, not %s', p_path, v_type,
      (select string_agg(t, ' or ') from jsonb_array_elements_text(v_types) t));
    return;
  elsif p_schema ? 'const' and p_value <> p_schema -> 'const' then
    return next format('%s is not %s', p_path, p_schema -> 'const');
  elsif p_schema ? 'enum' and p_value not in (select jsonb_array_elements(p_schema -> 'enum')) then
    return next format('%s is none of %s', p_path, p_schema ->> 'enum');
  end if;
  if p_schema ?| '{allOf,anyOf,oneOf,not}' then
    return query select e from workflow.combination_errors(p_schema, p_value, p_path) e;
  end if;
  if v_type in ('integer', 'number') and p_schema ?| '{minimum,maximum,exclusiveMinimum,exclusiveMaximum,multipleOf}' then
    return query select e from workflow.number_errors(p_schema, p_value::numeric, p_path) e;
  elsif v_type = 'string' and p_schema ?| '{minLength,maxLength}' then
    return query select e from workflow.length_errors(p_schema, 'Length', char_length(p_value #>> '{}'), p_path, 'characters') e;
  elsif v_type = 'array' then
    return query select e from workflow.array_errors(p_schema, p_value, p_path) e;
  elsif v_type = 'object' then
    return query select e from workflow.object_errors(p_schema, p_value, p_path) e;
  end if;
end $$;

create function workflow.number_errors(p_schema jsonb, p_value numeric, p_path text) returns setof text
language plpgsql immutable set search_path = '' as $$
begin
  if p_value < (p_schema -> 'minimum')::numeric or p_value <= (p_schema -> 'exclusiveMinimum')::numeric then
    return next format('%s is too small', p_path);
  elsif p_value > (p_schema -> 'maximum')::numeric or p_value >= (p_schema -> 'exclusiveMaximum')::numeric then
    return next format('%s is too large', p_path);
  elsif mod(p_value, (p_schema -> 'multipleOf')::numeric) <> 0 then
    return next format('%s is no multiple of %s', p_path, p_schema -> 'multipleOf');
  end if;
end $$;

-- minLength and maxLength, minItems and maxItems, minProperties and maxProperties.
create function workflow.length_errors(p_schema jsonb, p_of text, p_length int, p_path text, p_unit text) returns setof text
language plpgsql immutable set search_path = '' as $$
begin
  if p_length < (p_schema -> ('min' || p_of))::int then
    return next format('%s has fewer than %s %s', p_path, p_schema -> ('min' || p_of), p_unit);
  elsif p_length > (p_schema -> ('max' || p_of))::int then
    return next format('%s has more than %s %s', p_path, p_schema -> ('max' || p_of), p_unit);
  end if;
end $$;

create function workflow.array_errors(p_schema jsonb, p_value jsonb, p_path text) returns setof text
language plpgsql immutable set search_path = '' as $$
begin
  if p_schema ?| '{minItems,maxItems}' then
    return query select e from workflow.length_errors(p_schema, 'Items', jsonb_array_length(p_value), p_path, 'items') e;
  end if;
  if p_schema -> 'uniqueItems' = 'true'
    and jsonb_array_length(p_value) > (select count(distinct i) from jsonb_array_elements(p_value) i) then
    return next format('%s holds an item twice', p_path);
  end if;
  if p_schema ? 'items' then
    return query select e
      from jsonb_array_elements(p_value) with ordinality i(item, place),
      lateral workflow.input_errors(p_schema -> 'items', i.item, format('%s[%s]', p_path, i.place - 1)) e;
  end if;
end $$;

create function workflow.object_errors(p_schema jsonb, p_value jsonb, p_path text) returns setof text
language plpgsql immutable set search_path = '' as $$
begin
  if p_schema ?| '{minProperties,maxProperties}' then
    return query select e from workflow.length_errors(p_schema, 'Properties',
      (select count(*)::int from jsonb_object_keys(p_value)), p_path, 'fields') e;
  end if;
  if p_schema ? 'required' then
    return query select format('%s is missing', workflow.join_path(p_path, r))
      from jsonb_array_elements_text(p_schema -> 'required') r where not p_value ? r;
  end if;
  return query select e
    from jsonb_each(p_value) f,
    lateral (select coalesce(p_schema -> 'properties' -> f.key, p_schema -> 'additionalProperties') as schema) s,
    lateral workflow.input_errors(s.schema, f.value, workflow.join_path(p_path, f.key)) e
    where s.schema is not null;
end $$;

-- How many of a list of schemas a value fits; null where there is no list.
create function workflow.fitting_schemas(p_schemas jsonb, p_value jsonb) returns int
language plpgsql immutable set search_path = '' as $$
begin
  return case when p_schemas is not null then (
    select count(*) from jsonb_array_elements(p_schemas) s where not exists (
      select from workflow.input_errors(s, p_value, ''))) end;
end $$;

create function workflow.combination_errors(p_schema jsonb, p_value jsonb, p_path text) returns setof text
language plpgsql immutable set search_path = '' as $$
declare
  v_one int := workflow.fitting_schemas(p_schema -> 'oneOf', p_value);
begin
  return query select e from jsonb_array_elements(p_schema -> 'allOf') s, workflow.input_errors(s, p_value, p_path) e;
  if workflow.fitting_schemas(p_schema -> 'anyOf', p_value) = 0 or v_one = 0 then
    return next format('%s fits none of the alternatives', p_path);
  elsif v_one > 1 then
    return next format('%s fits more than one of the alternatives', p_path);
  elsif p_schema ? 'not' and not exists (select from workflow.input_errors(p_schema -> 'not', p_value, p_path)) then
    return next format('%s is what it may not be', p_path);
  end if;
end $$;

-- Fires after before_insert, which has chosen the version.
create function workflow.check_input() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_schema jsonb := (
    select inputs from workflow.plans where workflow_id = new.workflow_id and version = new.workflow_version);
  v_errors text[];
begin
  if v_schema is not null then
    v_errors := array(select e from workflow.input_errors(v_schema, coalesce(new.input, 'null'), 'input') e limit 6);
    if cardinality(v_errors) > 0 then
      perform workflow.refuse('invalid_input', format('The input does not fit the workflow: %s%s.',
          array_to_string(v_errors[:5], '; '), case when cardinality(v_errors) > 5 then '; and more' else '' end),
        'Correct what it names; `inputs` of the workflow''s definition says what a start is given.');
    end if;
  end if;
  return new;
end $$;
create trigger check_input before insert on public.workflow_executions
  for each row when (new.trigger ->> 'type' <> 'event') execute function workflow.check_input();
