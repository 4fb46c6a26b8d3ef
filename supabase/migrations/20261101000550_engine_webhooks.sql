-- Webhooks: addresses by which somebody outside starts a workflow whose trigger is `webhook`.
--
-- The address is a token. It is shown once, when it is made; only its hash is kept, in schema workflow, which
-- no client reads. The function `webhook` asks open_webhook who a token belongs to and what is demanded of
-- the request, checks signature and body, and then calls start_webhook.

create table public.workflow_webhooks (
  id uuid primary key default workflow.new_id(),
  workflow_id uuid not null references public.workflows on delete cascade,
  organization_id uuid not null,
  name text not null check (char_length(btrim(name)) between 1 and 200),
  enabled boolean not null default true,
  created_by uuid default auth.uid(),
  created_at timestamptz not null default now(),
  rotated_at timestamptz
);
create index workflow_webhooks_workflow on public.workflow_webhooks (workflow_id);

-- Tokens have 244 random bits, so a plain hash is as good as a slow one. Null: does not expire.
create table workflow.webhook_tokens (
  hash bytea primary key,
  webhook_id uuid not null references public.workflow_webhooks on delete cascade,
  expires_at timestamptz
);
create index webhook_tokens_webhook on workflow.webhook_tokens (webhook_id);

-- Requests of a webhook in the minute that began with the first of them. Losing it in a crash only lets more in.
create unlogged table workflow.webhook_minutes (
  webhook_id uuid primary key references public.workflow_webhooks on delete cascade,
  began_at timestamptz not null,
  requests int not null
) with (fillfactor = 50);

-- Signatures that have started something and whose time is not over: the same request again is a replay.
create table workflow.webhook_signatures (
  webhook_id uuid not null references public.workflow_webhooks on delete cascade,
  signature bytea not null,
  expires_at timestamptz not null,
  primary key (webhook_id, signature)
);
create index webhook_signatures_expired on workflow.webhook_signatures (expires_at);

alter table public.workflow_webhooks enable row level security;
revoke all on public.workflow_webhooks from anon, authenticated, service_role;
grant select, insert (workflow_id, name, enabled), update (name, enabled), delete on public.workflow_webhooks to authenticated;
grant all on public.workflow_webhooks to service_role;

-- Whoever may edit a workflow manages its webhooks; nobody else sees that there are any.
create policy editors_manage on public.workflow_webhooks to authenticated
  using (workflow_id in (select id from public.workflows
                         where organization_id in (select workflow.member_organizations('editor'))))
  with check (workflow_id in (select id from public.workflows
                              where organization_id in (select workflow.member_organizations('editor'))));

create function workflow.before_webhook_insert() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.organization_id := (select organization_id from public.workflows where id = new.workflow_id);
  if new.organization_id is null then
    perform workflow.refuse('workflow_not_found', format('There is no workflow %s here.', new.workflow_id),
      'Check the id, and that you are a member of its organisation.');
  end if;
  new.created_by := coalesce((select auth.uid()), new.created_by);
  return new;
end $$;
create trigger before_insert before insert on public.workflow_webhooks
  for each row execute function workflow.before_webhook_insert();

-- Makes the token of a webhook. Those it had before work for `p_grace` longer, so that senders can be changed
-- one after the other.
create function workflow.issue_webhook_token(p_webhook uuid, p_grace interval) returns text
language plpgsql security definer set search_path = '' as $$
declare
  v_webhook public.workflow_webhooks;
  v_token text := 'whk_' || encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'hex');
begin
  select * into v_webhook from public.workflow_webhooks where id = p_webhook for update;
  if not found or ((select auth.uid()) is not null and not workflow.has_role(v_webhook.organization_id, 'editor')) then
    perform workflow.refuse('webhook_not_found', format('There is no webhook %s here.', p_webhook), 'Check its id.');
  elsif p_grace not between '0' and '30 days' then
    perform workflow.refuse('invalid_grace', format('A grace of %s is out of range.', p_grace), 'Choose up to 30 days.');
  end if;
  update workflow.webhook_tokens set expires_at = least(expires_at, workflow.now() + p_grace) where webhook_id = p_webhook;
  if found then
    update public.workflow_webhooks set rotated_at = now() where id = p_webhook;
  end if;
  delete from workflow.webhook_tokens where webhook_id = p_webhook and expires_at <= workflow.now();
  insert into workflow.webhook_tokens (hash, webhook_id) values (sha256(convert_to(v_token, 'UTF8')), p_webhook);
  insert into public.workflow_audit_log (organization_id, workflow_id, event, details)
    values (v_webhook.organization_id, v_webhook.workflow_id, 'webhook_token_issued',
      jsonb_build_object('webhook_id', p_webhook, 'grace', p_grace));
  return v_token;
end $$;

-- What is shown once.
create function workflow.webhook_with_token(p_webhook uuid, p_grace interval) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_token text := workflow.issue_webhook_token(p_webhook, p_grace);
begin
  return jsonb_build_object('id', p_webhook, 'token', v_token, 'path', '/functions/v1/webhook/' || v_token);
end $$;

-- Makes a webhook of a workflow, as its editor: `{ id, token, path }`. The token is not shown again.
create function public.create_webhook(workflow_id uuid, name text default 'Webhook') returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
begin
  insert into public.workflow_webhooks (workflow_id, name)
    values (create_webhook.workflow_id, create_webhook.name) returning id into v_id;
  return workflow.webhook_with_token(v_id, '0');
end $$;

-- Gives a webhook another token. The old one works for `grace` longer.
create function public.rotate_webhook(webhook_id uuid, grace interval default '1 day') returns jsonb
language plpgsql set search_path = '' as $$
begin
  if not exists (select from public.workflow_webhooks w where w.id = rotate_webhook.webhook_id) then
    perform workflow.refuse('webhook_not_found', format('There is no webhook %s here.', webhook_id), 'Check its id.');
  end if;
  return workflow.webhook_with_token(webhook_id, grace);
end $$;

revoke execute on function public.create_webhook(uuid, text), public.rotate_webhook(uuid, interval) from public, anon;
grant execute on function public.create_webhook(uuid, text), public.rotate_webhook(uuid, interval)
  to authenticated, service_role;

-- Counts a request. Null: it is within the limit; otherwise when the next one will be.
create function workflow.count_webhook_request(p_webhook uuid, p_limit int) returns interval
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := workflow.now();
begin
  insert into workflow.webhook_minutes as m values (p_webhook, v_now, 1)
    on conflict (webhook_id) do update
      set began_at = case when m.began_at <= v_now - interval '1 minute' then v_now else m.began_at end,
          requests = case when m.began_at <= v_now - interval '1 minute' then 1 else m.requests + 1 end
      where m.began_at <= v_now - interval '1 minute' or m.requests < p_limit;
  if found then
    return null;
  end if;
  return (select began_at + interval '1 minute' - v_now from workflow.webhook_minutes where webhook_id = p_webhook);
end $$;

-- The webhook a token belongs to, and the trigger of its workflow's active version. Counts the request, if it
-- comes from an address that is allowed; p_ip is null where nobody knows it.
create function workflow.open_webhook(p_token text, p_ip inet) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_webhook public.workflow_webhooks;
  v_workflow public.workflows;
  v_trigger jsonb;
begin
  select w.* into v_webhook
    from workflow.webhook_tokens t join public.workflow_webhooks w on w.id = t.webhook_id and w.enabled
    where t.hash = sha256(convert_to(p_token, 'UTF8')) and (t.expires_at is null or t.expires_at > workflow.now());
  if not found then
    perform workflow.refuse('webhook_not_found', 'There is no such webhook.', 'Check the address; tokens are replaced by rotation.');
  end if;
  select * into v_workflow from public.workflows where id = v_webhook.workflow_id;
  select '{"requestsPerMinute": 600, "maxBytes": 1000000}' || (definition -> 'trigger') into v_trigger from public.workflow_versions
    where workflow_id = v_workflow.id and version = v_workflow.active_version;
  if v_workflow.status not in ('active', 'paused') then
    perform workflow.refuse('workflow_not_active', 'The workflow is not active.', 'Publish a version of it first.');
  elsif v_trigger ->> 'type' is distinct from 'webhook' then
    perform workflow.refuse('trigger_not_webhook', 'The workflow is not started by webhooks.',
      'Publish a version of it whose trigger is { "type": "webhook" }.');
  elsif (p_ip <<= any (array(select a::inet from jsonb_array_elements_text(v_trigger -> 'allowedIps') a))) is not true
      and v_trigger ? 'allowedIps' then
    perform workflow.refuse('ip_not_allowed', 'Requests from this address are not allowed.',
      'Add the address to allowedIps of the trigger.');
  end if;
  return jsonb_build_object('webhook_id', v_webhook.id, 'trigger', v_trigger,
    'secret', workflow.secret_value(v_webhook.organization_id, v_trigger #>> '{hmac,secret,$secret}'),
    'wait_ms', ceil(extract(epoch from workflow.count_webhook_request(v_webhook.id,
      (v_trigger -> 'requestsPerMinute')::int)) * 1000));
end $$;

-- Remembers a signature until its time is over.
create function workflow.remember_webhook_signature(p_webhook uuid, p_signature bytea, p_expires_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  delete from workflow.webhook_signatures where ctid in (
    select ctid from workflow.webhook_signatures where expires_at < clock_timestamp() limit 100 for update skip locked);
  insert into workflow.webhook_signatures values (p_webhook, p_signature, p_expires_at) on conflict do nothing;
  if not found then
    perform workflow.refuse('webhook_replayed', 'This request has been received before.', 'Sign it anew, with the time of now.');
  end if;
end $$;

-- Starts what an accepted request starts, once for each idempotency key.
-- p_body: JSON as it came, so that no digit is lost. p_fields: the chosen headers by their field of `input`.
create function workflow.start_webhook(p_webhook uuid, p_body text, p_fields jsonb, p_trigger jsonb,
  p_idempotency_key text, p_signature bytea, p_signature_expires_at timestamptz) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_workflow uuid := (select workflow_id from public.workflow_webhooks where id = p_webhook);
  v_key text := 'webhook:' || p_webhook || ':' || p_idempotency_key;
  v_input jsonb := p_body::jsonb;
  v_known public.workflow_executions;
  v_id uuid;
begin
  if p_signature is not null then
    perform workflow.remember_webhook_signature(p_webhook, p_signature, p_signature_expires_at);
  end if;
  if p_fields <> '{}' then
    if jsonb_typeof(v_input) <> 'object' then
      perform workflow.refuse('invalid_input', 'The body is no object, so it cannot take up the chosen headers.',
        'Send a JSON object or a form.');
    end if;
    v_input := v_input || p_fields;
  end if;
  insert into public.workflow_executions (workflow_id, trigger, input, idempotency_key)
    values (v_workflow, p_trigger, v_input, v_key)
    on conflict (workflow_id, idempotency_key) do nothing
    returning id into v_id;
  if v_id is null then
    select * into v_known from public.workflow_executions where workflow_id = v_workflow and idempotency_key = v_key;
    if v_known.input <> v_input then
      perform workflow.refuse('idempotency_key_reused', 'Another request came with this idempotency key before.',
        'Use a new key for each request, and the same one only to repeat it.');
    end if;
    v_id := v_known.id;
  end if;
  return v_id;
end $$;
