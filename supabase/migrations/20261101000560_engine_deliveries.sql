-- The delivery log: one row for each message that a step run sends, whatever the channel.
--
--   begin_delivery ──▶ sending ──▶ the provider is called ──▶ settle_delivery ──▶ sent | failed
--                 └──▶ skipped (suppressed, too many) | held (quiet hours)
--
-- The row is written and committed before the provider is called, under the message's idempotency key,
-- and settled after. A worker that dies in between leaves it `sending`: the next one takes the same row
-- again and `resumed` counts that the message may have gone out twice. A message that is known to be
-- sent is never sent again, so a step that is tried again reaches only those it had not reached.
--
-- One table per channel, all of the same shape, so that each can be watched and read by itself. Rows
-- outlive their executions (settings.keep_deliveries), hence no foreign keys.

create table public.email_logs (
  id uuid primary key default workflow.new_id(),
  -- The step run's id; with several recipients, followed by a colon and the recipient.
  idempotency_key text not null unique,
  organization_id uuid not null,
  min_role text not null,
  workflow_id uuid not null,
  execution_id uuid not null,
  step_run_id uuid not null,
  recipient text not null,
  template_id text,
  locale text,
  subject text,
  body text,
  status text not null check (status in ('sending', 'sent', 'delivered', 'failed', 'skipped', 'held')),
  -- Why it was skipped, or waits.
  reason text,
  -- How often it was handed to the provider, and how often without knowing whether it had been sent.
  attempts int not null default 1 check (attempts >= 0),
  resumed int not null default 0 check (resumed between 0 and attempts),
  provider text,
  provider_id text,
  error jsonb,
  created_at timestamptz not null default workflow.now(),
  sent_at timestamptz,
  delivered_at timestamptz,
  updated_at timestamptz not null default workflow.now(),
  constraint legal_status check (
    (status in ('sent', 'delivered') and sent_at is not null)
    or (status = 'sending' and delivered_at is null)
    or (status = 'failed' and error is not null)
    or (status in ('skipped', 'held') and reason is not null and sent_at is null))
);
create index email_logs_organization on public.email_logs (organization_id, id desc);
create index email_logs_execution on public.email_logs (execution_id);
create index email_logs_recipient on public.email_logs (organization_id, recipient, created_at desc);
create index email_logs_provider on public.email_logs (provider_id) where provider_id is not null;
create index email_logs_created on public.email_logs (created_at);

create table public.sms_logs (like public.email_logs including all);
create table public.push_notifications (like public.email_logs including all);
create table public.slack_messages (like public.email_logs including all);
-- Channel `log`: what the worker has written into its own log.
create table public.notification_logs (like public.email_logs including all);

-- Members read what their role lets them see of the workflow; nobody but the engine writes.
do $$
declare
  v_table text;
begin
  foreach v_table in array array['email_logs', 'sms_logs', 'push_notifications', 'slack_messages', 'notification_logs'] loop
    execute format('alter table public.%I enable row level security', v_table);
    execute format('revoke all on public.%I from anon, authenticated, service_role', v_table);
    execute format('grant select on public.%I to authenticated', v_table);
    execute format('grant select, delete on public.%I to service_role', v_table);
    execute format($policy$
      create policy members_see on public.%I for select to authenticated using (
        (min_role = 'viewer' and organization_id in (select workflow.member_organizations('viewer')))
        or (min_role = 'editor' and organization_id in (select workflow.member_organizations('editor')))
        or (min_role = 'admin' and organization_id in (select workflow.member_organizations('admin')))
        or (min_role = 'owner' and organization_id in (select workflow.member_organizations('owner'))))
      $policy$, v_table);
  end loop;
end $$;

create function workflow.delivery_table(p_channel text) returns regclass
language sql immutable set search_path = '' as $$
  select case p_channel
    when 'email' then 'public.email_logs'::regclass
    when 'sms' then 'public.sms_logs'::regclass
    when 'push' then 'public.push_notifications'::regclass
    when 'slack' then 'public.slack_messages'::regclass
    when 'log' then 'public.notification_logs'::regclass end
$$;

-- Whom a held lease works for. A late worker, and one whose execution was cancelled, has none: it sends
-- nothing more.
create function workflow.sender(p_strand uuid, p_token uuid, out organization_id uuid, out min_role text,
  out workflow_id uuid, out execution_id uuid, out step_run_id uuid, out priority int)
language plpgsql stable set search_path = '' as $$
begin
  select e.organization_id, e.min_role, e.workflow_id, e.id, l.step_id, e.priority
    into organization_id, min_role, workflow_id, execution_id, step_run_id, priority
    from workflow.leases l join public.workflow_executions e on e.id = l.execution_id
    where l.strand_id = p_strand and l.token = p_token and workflow.is_wanted(p_strand, p_token);
  if step_run_id is null then
    perform workflow.refuse('stale_claim', 'The claim is no longer held.', 'Send nothing; another worker has the step.');
  end if;
end $$;

-- The address at which a user is reached who is a member of the sender's organisation; null when there is none.
-- Tenancy can only be asked as that user, so their claims are set for this statement's transaction.
create function workflow.member_contact(p_strand uuid, p_token uuid, p_user uuid, p_channel text) returns text
language plpgsql set search_path = '' as $$
declare
  v_sender record := workflow.sender(p_strand, p_token);
  v_contact text;
begin
  select case p_channel when 'email' then u.email when 'sms' then '+' || nullif(ltrim(u.phone, '+'), '') end
    into v_contact from auth.users u where u.id = p_user;
  perform set_config('request.jwt.claims', jsonb_build_object('sub', p_user, 'role', 'authenticated')::text, true),
    set_config('request.jwt.claim.sub', p_user::text, true);
  if not workflow.has_role(v_sender.organization_id, 'viewer') then
    v_contact := null;
  end if;
  perform workflow.leave_user();
  return v_contact;
end $$;

-- Takes the row of a message before it is sent: a new one, or the one that an earlier attempt has left.
-- p_message: { key, recipient, subject, body, template, locale }. Returns the row; its status tells whether
-- to send (`sending`), `attempts` is what settle_delivery must be told, `wait_ms` how long a held message waits.
-- What may have been sent is not held back any more.
create function workflow.begin_delivery(p_strand uuid, p_token uuid, p_channel text, p_message jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_sender record := workflow.sender(p_strand, p_token);
  v_rule record := workflow.delivery_rule(v_sender, p_channel, p_message);
  v_row jsonb;
begin
  execute format($statement$
    insert into %1$s as d (idempotency_key, organization_id, min_role, workflow_id, execution_id, step_run_id,
        recipient, template_id, locale, subject, body, status, reason, attempts)
      values ($1 ->> 'key', $2, $3, $4, $5, $6, $1 ->> 'recipient', $1 ->> 'template', $1 ->> 'locale',
        $1 ->> 'subject', $1 ->> 'body', $7, $8, ($7 = 'sending')::int)
      on conflict (idempotency_key) do update
        set status = case d.status when 'sending' then 'sending' else $7 end,
            reason = case when d.status <> 'sending' then $8 end, error = null, sent_at = null, delivered_at = null,
            attempts = d.attempts + (d.status = 'sending' or $7 = 'sending')::int,
            resumed = d.resumed + (d.status = 'sending')::int, updated_at = workflow.now()
        where d.status in ('sending', 'failed', 'held')
      returning to_jsonb(d)
    $statement$, workflow.delivery_table(p_channel))
    into v_row
    using p_message, v_sender.organization_id, v_sender.min_role, v_sender.workflow_id, v_sender.execution_id,
      v_sender.step_run_id, v_rule.status, v_rule.reason;
  if v_row is null then
    execute format('select to_jsonb(d) from %s d where idempotency_key = $1', workflow.delivery_table(p_channel))
      into v_row using p_message ->> 'key';
  end if;
  return v_row || jsonb_build_object('wait_ms',
    ceil(extract(epoch from v_rule.not_before - workflow.now()) * 1000));
end $$;

-- What became of an attempt. That a message was sent is always kept; that it failed only by the last attempt,
-- since the one after it may have sent it. p_result: { status: sent | failed, provider, provider_id, error }.
create function workflow.settle_delivery(p_channel text, p_id uuid, p_attempt int, p_result jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  execute format($statement$
    update %s set status = $3 ->> 'status', error = $3 -> 'error', updated_at = workflow.now(),
        provider = $3 ->> 'provider', provider_id = $3 ->> 'provider_id',
        sent_at = case when $3 ->> 'status' = 'sent' then workflow.now() end
      where id = $1 and status in ('sending', 'failed') and ($3 ->> 'status' = 'sent' or attempts = $2)
    $statement$, workflow.delivery_table(p_channel))
    using p_id, p_attempt, p_result;
end $$;

-- Deliveries beyond their time and what was reported of them, `p_limit` of each table at most. Returns how many
-- rows went.
create function workflow.prune_deliveries(p_limit int) returns int
language plpgsql set search_path = '' as $$
declare
  v_before timestamptz := workflow.now() - (select keep_deliveries from workflow.settings);
  v_table regclass;
  v_rows int;
  v_all int := 0;
begin
  if v_before is null then
    return 0;
  end if;
  foreach v_table in array array['public.email_logs', 'public.sms_logs', 'public.push_notifications',
      'public.slack_messages', 'public.notification_logs', 'public.email_events']::regclass[] loop
    execute format($statement$
      delete from %1$s where id in (select id from %1$s where created_at < $1 order by created_at limit $2)
      $statement$, v_table) using v_before, p_limit;
    get diagnostics v_rows = row_count;
    v_all := v_all + v_rows;
  end loop;
  return v_all;
end $$;
