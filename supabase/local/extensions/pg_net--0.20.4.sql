-- Stand-in for pg_net 0.20.4. A call queues a row; the runner takes queued rows once their transaction has committed,
-- makes the requests and stores what came back. Function signatures and tables are pg_net's own, so parameters bear its names.

create schema net;

create unlogged table net.http_request_queue (
  id bigserial,
  method text not null check (method in ('GET', 'POST', 'DELETE')),
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds int not null
);
create index on net.http_request_queue (id);

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out bool,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);

-- Tells the runner, at commit, that the queue has work.
create function net.wake() returns void language sql set search_path = '' as $$
  select pg_notify('pg_net', '')
$$;

create function net._urlencode_string(string varchar) returns text
language sql immutable strict set search_path = '' as $$
  select coalesce(string_agg(
    case when v_byte < 128 and chr(v_byte) ~ '[A-Za-z0-9_.~-]' then chr(v_byte)
      else '%' || upper(lpad(to_hex(v_byte), 2, '0')) end, '' order by v_position), '')
  from (select convert_to(string, 'UTF8') as v_bytes) as encoded,
    lateral generate_series(0, octet_length(v_bytes) - 1) as v_position,
    lateral (select get_byte(v_bytes, v_position) as v_byte) as b
$$;

create function net._encode_url_with_params_array(url text, params_array text[]) returns text
language sql immutable strict set search_path = '' as $$
  select case when cardinality(params_array) = 0 then url
    else url || case when strpos(url, '?') > 0 then '&' else '?' end || array_to_string(params_array, '&') end
$$;

create function net._enqueue(p_method text, p_url text, p_params jsonb, p_headers jsonb, p_body jsonb, p_timeout int)
returns bigint language plpgsql set search_path = '' as $$
declare
  v_id bigint;
  v_params text[];
begin
  select coalesce(array_agg(net._urlencode_string(key) || '=' || net._urlencode_string(value)), '{}')
  into v_params from jsonb_each_text(p_params);

  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (p_method, net._encode_url_with_params_array(p_url, v_params), p_headers, convert_to(p_body::text, 'UTF8'), p_timeout)
  returning id into v_id;
  perform net.wake();
  return v_id;
end
$$;

create function net.http_get(
  url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds int default 5000
) returns bigint language sql set search_path = '' as $$
  select net._enqueue('GET', url, params, headers, null, timeout_milliseconds)
$$;

create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds int default 5000
) returns bigint language plpgsql set search_path = '' as $$
declare
  v_content_type text;
begin
  select h.value into v_content_type from jsonb_each_text(headers) as h where lower(h.key) = 'content-type' limit 1;
  if v_content_type is null then
    headers := coalesce(headers, '{}') || '{"Content-Type": "application/json"}';
  elsif v_content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  return net._enqueue('POST', url, params, headers, body, timeout_milliseconds);
end
$$;

create function net.http_delete(
  url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds int default 5000,
  body jsonb default null
) returns bigint language sql set search_path = '' as $$
  select net._enqueue('DELETE', url, params, headers, body, timeout_milliseconds)
$$;

-- As pg_net does: whoever may run SQL may queue a request.
grant usage on schema net to public;
grant all on all tables in schema net to public;
grant all on all sequences in schema net to public;
