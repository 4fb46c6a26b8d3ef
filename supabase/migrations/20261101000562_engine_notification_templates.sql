-- Notification templates and what an organisation settles about its messages. The rows without an
-- organisation ship with the engine (the next migration); an organisation's own come before them.

create table public.notification_settings (
  organization_id uuid primary key,
  -- The language of messages that name none.
  locale text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  -- Above and below every e-mail.
  brand_name text check (char_length(brand_name) <= 200),
  footer text check (char_length(footer) <= 2000),
  updated_at timestamptz not null default now()
);
create trigger touch before update on public.notification_settings for each row execute function workflow.touch();

create table public.notification_templates (
  id uuid primary key default workflow.new_id(),
  organization_id uuid,
  template_id text not null check (char_length(template_id) between 1 and 100),
  channel text not null check (channel in ('email', 'sms', 'push', 'slack')),
  locale text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  -- Of an e-mail, or the title of a push notification.
  subject text check (char_length(subject) between 1 and 1000),
  body text not null check (char_length(body) between 1 and 100000),
  html text check (char_length(html) between 1 and 200000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_text unique nulls not distinct (template_id, organization_id, channel, locale),
  constraint html_of_emails check (html is null or channel = 'email'),
  constraint subject_of_emails check (channel <> 'email' or subject is not null)
);
create index notification_templates_organization on public.notification_templates (organization_id);
create trigger touch before update on public.notification_templates for each row execute function workflow.touch();

alter table public.notification_settings enable row level security;
alter table public.notification_templates enable row level security;
revoke all on public.notification_settings, public.notification_templates from anon, authenticated, service_role;
grant select, insert, update, delete on public.notification_settings, public.notification_templates to authenticated;
grant all on public.notification_settings, public.notification_templates to service_role;

create policy members_see on public.notification_settings for select to authenticated
  using (organization_id in (select workflow.member_organizations('viewer')));
create policy admins_create on public.notification_settings for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('admin')));
create policy admins_change on public.notification_settings for update to authenticated
  using (organization_id in (select workflow.member_organizations('admin')))
  with check (organization_id in (select workflow.member_organizations('admin')));
create policy admins_delete on public.notification_settings for delete to authenticated
  using (organization_id in (select workflow.member_organizations('admin')));

create policy members_see on public.notification_templates for select to authenticated
  using (organization_id is null or organization_id in (select workflow.member_organizations('viewer')));
create policy editors_create on public.notification_templates for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_change on public.notification_templates for update to authenticated
  using (organization_id in (select workflow.member_organizations('editor')))
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_delete on public.notification_templates for delete to authenticated
  using (organization_id in (select workflow.member_organizations('editor')));

-- Every text of a template that an organisation may use, and its settings, for the worker to choose from.
create function workflow.notification_texts(p_organization uuid, p_template text) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'texts', (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from public.notification_templates t
      where t.template_id = p_template and (t.organization_id is null or t.organization_id = p_organization)),
    'settings', (select to_jsonb(s) from public.notification_settings s where s.organization_id = p_organization))
$$;
