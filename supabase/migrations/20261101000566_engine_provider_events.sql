-- What providers report about messages they have taken: SendGrid's event webhook, Twilio's status callbacks.
-- The function `events` has verified the signature; the same signed request is taken once.

create table workflow.provider_signatures (
  digest bytea primary key,
  expires_at timestamptz not null
);
create index provider_signatures_expired on workflow.provider_signatures (expires_at);

-- What has happened to e-mails: delivered, opened, clicked, bounced …, one row per event.
create table public.email_events (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null,
  min_role text not null default 'viewer',
  -- The message in email_logs; null for what a workflow has recorded itself.
  email_log_id uuid,
  -- What it was sent for, where it was part of a campaign.
  campaign_id uuid,
  event text not null check (event ~ '^[a-z_]{1,50}$'),
  recipient text not null,
  reason text,
  url text,
  -- SendGrid's id of the event: it may tell of one more than once.
  provider_event_id text unique,
  payload jsonb not null default '{}',
  occurred_at timestamptz not null default workflow.now(),
  created_at timestamptz not null default workflow.now()
);
create index email_events_created on public.email_events (created_at);
create index email_events_organization on public.email_events (organization_id, id desc);
create index email_events_log on public.email_events (email_log_id) where email_log_id is not null;
create index email_events_campaign on public.email_events (campaign_id, event) where campaign_id is not null;

alter table public.email_logs add column campaign_id uuid;
create index email_logs_campaign on public.email_logs (campaign_id) where campaign_id is not null;

alter table public.email_events enable row level security;
revoke all on public.email_events from anon, authenticated, service_role;
grant select, insert (organization_id, campaign_id, event, recipient, reason, url, payload, occurred_at)
  on public.email_events to authenticated;
grant select, insert, delete on public.email_events to service_role;
create policy members_see on public.email_events for select to authenticated using (
  (min_role = 'viewer' and organization_id in (select workflow.member_organizations('viewer')))
  or (min_role = 'editor' and organization_id in (select workflow.member_organizations('editor')))
  or (min_role = 'admin' and organization_id in (select workflow.member_organizations('admin')))
  or (min_role = 'owner' and organization_id in (select workflow.member_organizations('owner'))));
create policy editors_record on public.email_events for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));

-- Takes a signed request once. In the same transaction as what it reports, so that a failure forgets it.
create function workflow.take_provider_request(p_digest bytea, p_expires_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  delete from workflow.provider_signatures where ctid in (
    select ctid from workflow.provider_signatures where expires_at < clock_timestamp() limit 100 for update skip locked);
  insert into workflow.provider_signatures values (p_digest, p_expires_at) on conflict do nothing;
  if not found then
    perform workflow.refuse('event_replayed', 'This request has been received before.', 'Nothing is to be done: it was taken then.');
  end if;
end $$;

-- A message's row learns what became of it. That it was delivered is never taken back by a report that comes
-- late; that it went out settles also the row of a worker that died before it could note so.
create function workflow.report_delivery(p_channel text, p_id uuid, p_status text, p_at timestamptz, p_provider_id text,
  p_error jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  execute format($statement$
    update %s set status = $2, error = $5, provider_id = coalesce(provider_id, $4),
        sent_at = coalesce(sent_at, $3), delivered_at = case when $2 = 'delivered' then $3 end, updated_at = workflow.now()
      where id = $1 and case $2 when 'sent' then status = 'sending' when 'failed' then status in ('sending', 'sent')
        else status in ('sending', 'sent', 'failed') end
    $statement$, workflow.delivery_table(p_channel)) using p_id, p_status, p_at, p_provider_id, p_error;
end $$;

create function workflow.suppress(p_organization uuid, p_channel text, p_recipient text, p_reason text, p_note text)
returns void
language sql set search_path = '' as $$
  insert into public.notification_suppressions (organization_id, channel, recipient, reason, note)
    values (p_organization, p_channel, p_recipient, p_reason, left(p_note, 1000)) on conflict do nothing
$$;

-- What one event of an e-mail changes: its message's row, and whether its recipient is written to again.
create function workflow.apply_email_event(p_event public.email_events) returns void
language plpgsql set search_path = '' as $$
declare
  v_status text := case when p_event.event = 'delivered' then 'delivered'
    when p_event.event in ('bounce', 'dropped') then 'failed' when p_event.event in ('processed', 'open', 'click') then 'sent' end;
  v_reason text := case when p_event.event = 'bounce' and p_event.payload ->> 'type' is distinct from 'blocked' then 'bounced'
    when p_event.event = 'spamreport' then 'complained'
    when p_event.event in ('unsubscribe', 'group_unsubscribe') then 'unsubscribed' end;
  v_error jsonb;
begin
  if p_event.event = 'bounce' then
    v_error := jsonb_build_object('code', 'bounced', 'message', coalesce(p_event.reason, 'The e-mail came back.'));
  elsif p_event.event = 'dropped' then
    v_error := jsonb_build_object('code', 'dropped', 'message', coalesce(p_event.reason, 'The provider did not send the e-mail.'));
  end if;
  if v_status is not null then
    perform workflow.report_delivery('email', p_event.email_log_id, v_status, p_event.occurred_at,
      p_event.payload ->> 'sg_message_id', v_error);
  end if;
  if v_reason is not null then
    perform workflow.suppress(p_event.organization_id, 'email', p_event.recipient, v_reason, p_event.reason);
  elsif p_event.event = 'group_resubscribe' then
    delete from public.notification_suppressions where organization_id = p_event.organization_id
      and channel = 'email' and recipient = p_event.recipient and reason = 'unsubscribed';
  end if;
end $$;

-- SendGrid's events, in the order in which they happened. Those of messages that are not in the log, and those
-- told before, are left out. Returns how many are new.
create function workflow.take_email_events(p_digest bytea, p_expires_at timestamptz, p_events jsonb) returns int
language plpgsql set search_path = '' as $$
declare
  v_new public.email_events[];
  v_event public.email_events;
begin
  perform workflow.take_provider_request(p_digest, p_expires_at);
  with inserted as (
    insert into public.email_events (organization_id, min_role, email_log_id, campaign_id, event, recipient, reason, url,
        provider_event_id, payload, occurred_at)
      select l.organization_id, l.min_role, l.id, l.campaign_id, e ->> 'event', l.recipient, e ->> 'reason', e ->> 'url',
        e ->> 'sg_event_id', e, to_timestamp((e ->> 'timestamp')::bigint)
      from jsonb_array_elements(p_events) e
      join public.email_logs l on l.idempotency_key = e ->> 'delivery_key'
      where e ->> 'event' ~ '^[a-z_]{1,50}$' and e ->> 'timestamp' ~ '^\d{1,12}$' and e ->> 'sg_event_id' is not null
      order by (e ->> 'timestamp')::bigint
      on conflict (provider_event_id) do nothing
      returning *
  )
  select coalesce(array_agg(i::public.email_events order by i.occurred_at, i.id), '{}') into v_new from inserted i;
  foreach v_event in array v_new loop
    perform workflow.apply_email_event(v_event);
  end loop;
  return cardinality(v_new);
end $$;

-- One of Twilio's status callbacks. Returns whether it was about a message of ours.
create function workflow.take_sms_status(p_digest bytea, p_expires_at timestamptz, p_key text, p_form jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_log public.sms_logs;
  v_status text := p_form ->> 'MessageStatus';
begin
  perform workflow.take_provider_request(p_digest, p_expires_at);
  select * into v_log from public.sms_logs where idempotency_key = p_key for update;
  if v_log.id is null then
    return false;
  end if;
  if v_status in ('delivered', 'read') then
    perform workflow.report_delivery('sms', v_log.id, 'delivered', workflow.now(), p_form ->> 'MessageSid', null);
  elsif v_status in ('accepted', 'queued', 'sending', 'sent') then
    perform workflow.report_delivery('sms', v_log.id, 'sent', workflow.now(), p_form ->> 'MessageSid', null);
  elsif v_status in ('undelivered', 'failed') then
    perform workflow.report_delivery('sms', v_log.id, 'failed', workflow.now(), p_form ->> 'MessageSid',
      jsonb_build_object('code', 'undelivered', 'message', coalesce(p_form ->> 'ErrorMessage', 'The message was not delivered.'),
        'details', jsonb_build_object('provider_code', p_form ->> 'ErrorCode')));
  end if;
  -- 21610: the recipient has answered STOP.
  if p_form ->> 'ErrorCode' = '21610' then
    perform workflow.suppress(v_log.organization_id, 'sms', v_log.recipient, 'unsubscribed', p_form ->> 'ErrorMessage');
  end if;
  return true;
end $$;
