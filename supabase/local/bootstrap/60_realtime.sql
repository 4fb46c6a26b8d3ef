-- Realtime's half in the database: a message is a row of realtime.messages. The Realtime server reads inserted rows from
-- the write-ahead log and hands them to the sockets joined to their topic; row-level security on the same table says
-- who may join a private topic (select) and who may send to it from a client (insert).

create role supabase_realtime_admin nologin noinherit;
-- Only the owner may create policies, and migrations run as postgres.
grant supabase_realtime_admin to postgres;

create schema realtime;
grant usage on schema realtime to supabase_realtime_admin, postgres, anon, authenticated, service_role;

create table realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp not null default now(),
  inserted_at timestamp not null default now(),
  id uuid not null default gen_random_uuid(),
  primary key (id, inserted_at)
) partition by range (inserted_at);

-- Hosted projects have a partition a day; one is enough for a local database and prune_messages() empties it.
create table realtime.messages_default partition of realtime.messages default;
create index messages_inserted_at_index on realtime.messages (inserted_at);

alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages_default owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;
alter table realtime.messages_default enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;

create publication supabase_realtime_messages_publication
  for table realtime.messages with (publish = 'insert', publish_via_partition_root = true);

-- The topic a policy is asked about.
create function realtime.topic() returns text language sql stable set search_path = '' as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;
alter function realtime.topic() owner to supabase_realtime_admin;

-- Sends one message once the transaction commits. A failure becomes a warning: the caller's transaction goes on.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql set search_path = '' as $$
declare
  v_id uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', send.topic, true);
  insert into realtime.messages (id, topic, extension, event, private, payload)
  values (
    v_id, send.topic, 'broadcast', send.event, send.private,
    case when send.payload ? 'id' then send.payload else jsonb_set(send.payload, '{id}', to_jsonb(v_id)) end
  );
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;

-- Sends a changed row; made to be called in a row trigger. Wrong use raises.
create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW'
) returns void language plpgsql set search_path = '' as $$
begin
  if level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Unexpected operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'old_record', old, 'record', new, 'operation', operation, 'table', table_name, 'schema', table_schema
    ),
    event_name, topic_name
  );
exception when others then
  raise exception 'Failed to process the row: %', sqlerrm;
end
$$;

-- Removes what hosted projects no longer keep after three days; the Realtime server calls it every hour.
create function realtime.prune_messages() returns void language sql set search_path = '' as $$
  delete from realtime.messages where inserted_at < now() at time zone 'UTC' - interval '3 days'
$$;
revoke execute on function realtime.prune_messages() from public;
