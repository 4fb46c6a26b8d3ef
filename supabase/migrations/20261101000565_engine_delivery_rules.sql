-- When a message does not go out, or not yet: suppressed recipients, quiet hours, and how many messages one
-- recipient gets. Rules are an organisation's own; channel `log` reaches nobody and obeys none of them.

-- Whom nothing is sent any more over a channel. Bounces, complaints and unsubscribing come in as events.
create table public.notification_suppressions (
  organization_id uuid not null,
  channel text not null check (channel in ('email', 'sms', 'push', 'slack')),
  -- As it stands in the delivery log; an e-mail address in lower case.
  recipient text not null check (char_length(recipient) between 1 and 4096),
  reason text not null default 'manual' check (reason in ('unsubscribed', 'bounced', 'complained', 'manual')),
  note text check (char_length(note) <= 1000),
  created_at timestamptz not null default now(),
  primary key (organization_id, channel, recipient),
  check (channel <> 'email' or recipient = lower(recipient))
);

alter table public.notification_settings
  -- From one to the other nothing is sent over these channels, in the organisation's time zone, which may be
  -- over midnight. Messages wait; those of executions with a priority above 0 do not.
  add column quiet_from time,
  add column quiet_until time,
  add column timezone text not null default 'UTC',
  add column quiet_channels text[] not null default '{sms,push}'
    check (quiet_channels <@ array['email', 'sms', 'push', 'slack']),
  -- Messages to one recipient over one channel within the time; more are skipped.
  add column max_per_recipient int check (max_per_recipient > 0),
  add column per_interval interval not null default '1 day' check (per_interval between '1 minute' and '31 days'),
  add constraint quiet_hours check (
    (quiet_from is null) = (quiet_until is null) and quiet_from is distinct from quiet_until or quiet_from is null);

-- Security definer: the check is the engine's own.
create function workflow.check_notification_settings() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform workflow.check_timezone(new.timezone);
  return new;
end $$;
create trigger check_settings before insert or update on public.notification_settings
  for each row execute function workflow.check_notification_settings();

alter table public.notification_suppressions enable row level security;
revoke all on public.notification_suppressions from anon, authenticated, service_role;
grant select, insert, delete on public.notification_suppressions to authenticated;
grant all on public.notification_suppressions to service_role;
create policy members_see on public.notification_suppressions for select to authenticated
  using (organization_id in (select workflow.member_organizations('viewer')));
create policy editors_create on public.notification_suppressions for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_delete on public.notification_suppressions for delete to authenticated
  using (organization_id in (select workflow.member_organizations('editor')));

-- The end of the quiet hours that a moment lies in; null outside of them.
create function workflow.quiet_until(p_settings public.notification_settings, p_now timestamptz) returns timestamptz
language plpgsql stable set search_path = '' as $$
declare
  v_local timestamp := p_now at time zone p_settings.timezone;
  v_end timestamp := v_local::date + p_settings.quiet_until;
begin
  if p_settings.quiet_from < p_settings.quiet_until then
    return case when v_local::time >= p_settings.quiet_from and v_local < v_end
      then v_end at time zone p_settings.timezone end;
  elsif v_local::time >= p_settings.quiet_from then
    return (v_end + interval '1 day') at time zone p_settings.timezone;
  end if;
  return case when v_local < v_end then v_end at time zone p_settings.timezone end;
end $$;

-- Whether a recipient has had as many messages as the organisation allows. One that is tried again does not
-- count against itself: its row says `failed` or `held`, and of one that says `sending` nobody asks.
-- The lock makes two messages to the same recipient count one after the other.
create function workflow.is_over_cap(p_settings public.notification_settings, p_channel text, p_recipient text)
returns boolean
language plpgsql set search_path = '' as $$
declare
  v_count int;
begin
  if p_settings.max_per_recipient is null then
    return false;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(
    concat_ws(' ', 'delivery', p_settings.organization_id, p_channel, p_recipient), 0));
  execute format($statement$
    select count(*) from %s where organization_id = $1 and recipient = $2 and created_at > $3
      and status in ('sending', 'sent', 'delivered')
    $statement$, workflow.delivery_table(p_channel))
    into v_count using p_settings.organization_id, p_recipient, workflow.now() - p_settings.per_interval;
  return v_count >= p_settings.max_per_recipient;
end $$;

-- What stands between a message and its recipient: `skipped` or `held` with a reason, else `sending`.
create function workflow.delivery_rule(p_sender record, p_channel text, p_message jsonb,
  out status text, out reason text, out not_before timestamptz)
language plpgsql set search_path = '' as $$
declare
  v_settings public.notification_settings;
begin
  status := 'sending';
  if p_channel = 'log' then
    return;
  end if;
  select 'skipped', s.reason into status, reason from public.notification_suppressions s
    where s.organization_id = p_sender.organization_id and s.channel = p_channel and s.recipient = p_message ->> 'recipient';
  if found then
    return;
  end if;
  status := 'sending';
  select * into v_settings from public.notification_settings s where s.organization_id = p_sender.organization_id;
  if p_channel = any (v_settings.quiet_channels) and p_sender.priority <= 0 then
    not_before := workflow.quiet_until(v_settings, workflow.now());
  end if;
  if not_before is not null then
    status := 'held';
    reason := 'quiet_hours';
  elsif workflow.is_over_cap(v_settings, p_channel, p_message ->> 'recipient') then
    status := 'skipped';
    reason := 'frequency_cap';
  end if;
end $$;
