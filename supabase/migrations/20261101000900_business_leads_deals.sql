-- Sales: leads and the deals they become.
--
-- People are referenced as members of the row's own organisation and rows by (organization_id, id),
-- so that nothing can point across organisations, whoever writes it.

create table public.leads (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null references public.organizations on delete cascade,
  name text,
  first_name text,
  last_name text,
  email text check (email like '%_@_%'),
  phone text,
  company text,
  job_title text,
  -- Employees.
  company_size int check (company_size > 0),
  industry text,
  country text,
  website text,
  source text,
  status text not null default 'new'
    check (status in ('new', 'contacted', 'nurturing', 'qualified', 'unqualified', 'converted', 'lost')),
  -- Null until scored.
  score int check (score between 0 and 100),
  score_details jsonb,
  scored_at timestamptz,
  email_opens int not null default 0 check (email_opens >= 0),
  email_clicks int not null default 0 check (email_clicks >= 0),
  page_views int not null default 0 check (page_views >= 0),
  form_submissions int not null default 0 check (form_submissions >= 0),
  last_activity_at timestamptz,
  marketing_consent boolean not null default false,
  tags text[] not null default '{}',
  notes text,
  custom jsonb not null default '{}',
  assigned_to uuid,
  converted_deal_id uuid,
  converted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  foreign key (organization_id, assigned_to) references public.organization_members (organization_id, user_id)
    on delete set null (assigned_to),
  constraint leads_identified check (coalesce(name, last_name, email, phone, company) is not null)
);

create table public.deals (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null references public.organizations on delete cascade,
  lead_id uuid,
  name text not null check (name <> ''),
  stage text not null default 'qualification'
    check (stage in ('qualification', 'needs_analysis', 'proposal', 'negotiation', 'closed_won', 'closed_lost')),
  amount numeric(16, 2) check (amount >= 0),
  currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  discount_percent numeric(5, 2) not null default 0 check (discount_percent between 0 and 100),
  probability int not null default 10 check (probability between 0 and 100),
  owner_id uuid,
  expected_close_date date,
  closed_at timestamptz,
  lost_reason text,
  last_activity_at timestamptz,
  custom jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  -- One deal per lead, whoever creates it. A lead has one organisation, so this is unique by lead.
  constraint deals_one_per_lead unique (organization_id, lead_id),
  foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete set null (lead_id),
  foreign key (organization_id, owner_id) references public.organization_members (organization_id, user_id)
    on delete set null (owner_id)
);

alter table public.leads add foreign key (organization_id, converted_deal_id)
  references public.deals (organization_id, id) on delete set null (converted_deal_id);

create index leads_assigned_to on public.leads (organization_id, assigned_to);
create index leads_converted_deal on public.leads (organization_id, converted_deal_id);
create index leads_status on public.leads (organization_id, status, created_at desc);
create index leads_score on public.leads (organization_id, score desc nulls last);
create index leads_email on public.leads (organization_id, lower(email));
create index deals_owner on public.deals (organization_id, owner_id);
create index deals_stage on public.deals (organization_id, stage, expected_close_date);

create trigger touch before update on public.leads for each row execute function workflow.touch();
create trigger touch before update on public.deals for each row execute function workflow.touch();

alter table public.leads enable row level security;
alter table public.deals enable row level security;

revoke all on public.leads, public.deals from anon, authenticated, service_role;
grant select, insert, update, delete on public.leads, public.deals to authenticated;
grant all on public.leads, public.deals to service_role;

create policy members_see on public.leads for select to authenticated
  using (organization_id in (select workflow.member_organizations('viewer')));
create policy editors_create on public.leads for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_change on public.leads for update to authenticated
  using (organization_id in (select workflow.member_organizations('editor')))
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy admins_delete on public.leads for delete to authenticated
  using (organization_id in (select workflow.member_organizations('admin')));

create policy members_see on public.deals for select to authenticated
  using (organization_id in (select workflow.member_organizations('viewer')));
create policy editors_create on public.deals for insert to authenticated
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy editors_change on public.deals for update to authenticated
  using (organization_id in (select workflow.member_organizations('editor')))
  with check (organization_id in (select workflow.member_organizations('editor')));
create policy admins_delete on public.deals for delete to authenticated
  using (organization_id in (select workflow.member_organizations('admin')));

select workflow.watch_table('public.leads');
select workflow.watch_table('public.deals');
