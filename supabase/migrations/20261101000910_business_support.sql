-- Support: tickets, the categories that sort them, and the articles that answer them.
--
-- Row-level security would keep the operators of pg_trgm and full text away from their indexes, because Postgres
-- evaluates no function that could leak a row before the policy. So the two searches are functions of the owner
-- that ask for the membership themselves.

create extension if not exists pg_trgm with schema extensions;

create table public.ticket_categories (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null references public.organizations on delete cascade,
  name text not null check (name <> ''),
  description text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, name)
);

-- A keyword that speaks for a category, as people type it into a search box: words, "a phrase", or, -not.
create table public.ticket_category_rules (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null references public.organizations on delete cascade,
  category_id uuid not null,
  keyword text not null check (btrim(keyword) <> ''),
  weight numeric(6, 2) not null default 1 check (weight between -100 and 100 and weight <> 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, category_id, keyword),
  foreign key (organization_id, category_id) references public.ticket_categories (organization_id, id)
    on delete cascade
);

create table public.support_tickets (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null references public.organizations on delete cascade,
  subject text not null check (subject <> ''),
  body text not null default '',
  status text not null default 'open'
    check (status in ('open', 'in_progress', 'waiting_on_customer', 'resolved', 'closed')),
  priority text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  category_id uuid,
  channel text not null default 'email' check (channel in ('email', 'web', 'phone', 'chat', 'api')),
  requester_name text,
  requester_email text check (requester_email like '%_@_%'),
  customer_tier text not null default 'standard' check (customer_tier in ('free', 'standard', 'premium', 'vip')),
  assigned_to uuid,
  -- The ticket that this one repeats.
  duplicate_of uuid check (duplicate_of <> id),
  first_response_due_at timestamptz,
  first_responded_at timestamptz,
  resolution_due_at timestamptz,
  resolved_at timestamptz,
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  -- What tickets are compared by: enough of a long body to know it again.
  match_text text not null generated always as (subject || ' ' || left(body, 500)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  foreign key (organization_id, category_id) references public.ticket_categories (organization_id, id)
    on delete set null (category_id),
  foreign key (organization_id, assigned_to) references public.organization_members (organization_id, user_id)
    on delete set null (assigned_to),
  foreign key (organization_id, duplicate_of) references public.support_tickets (organization_id, id)
    on delete set null (duplicate_of)
);

create index support_tickets_status on public.support_tickets (organization_id, status, created_at desc);
create index support_tickets_assigned_to on public.support_tickets (organization_id, assigned_to);
create index support_tickets_category on public.support_tickets (organization_id, category_id);
create index support_tickets_duplicate_of on public.support_tickets (organization_id, duplicate_of);
create index support_tickets_match on public.support_tickets using gin (match_text extensions.gin_trgm_ops);
-- What has a promise to keep: small, however many tickets there were.
create index support_tickets_response_due on public.support_tickets (organization_id, first_response_due_at)
  where first_responded_at is null and status in ('open', 'in_progress');
create index support_tickets_resolution_due on public.support_tickets (organization_id, resolution_due_at)
  where resolved_at is null and status in ('open', 'in_progress');

create table public.knowledge_base_articles (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null references public.organizations on delete cascade,
  title text not null check (title <> ''),
  body text not null,
  category text,
  tags text[] not null default '{}',
  language text not null default 'en' check (language in ('en', 'de')),
  status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
  published_at timestamptz,
  -- A hit in the title counts for more than one in the body.
  search tsvector not null generated always as (
    case language
      when 'de' then setweight(to_tsvector('pg_catalog.german', title), 'A')
        || setweight(to_tsvector('pg_catalog.german', body), 'C')
      else setweight(to_tsvector('pg_catalog.english', title), 'A')
        || setweight(to_tsvector('pg_catalog.english', body), 'C')
    end) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id)
);
create index knowledge_base_articles_search on public.knowledge_base_articles using gin (search);
create index knowledge_base_articles_status on public.knowledge_base_articles (organization_id, status);

-- The tables above, each under the same rules: members see, editors write, admins delete.
do $$
declare
  v_table text;
begin
  foreach v_table in array array['ticket_categories', 'ticket_category_rules', 'support_tickets', 'knowledge_base_articles']
  loop
    execute format('create trigger touch before update on public.%I for each row execute function workflow.touch()', v_table);
    execute format('alter table public.%I enable row level security', v_table);
    execute format('revoke all on public.%I from anon, authenticated, service_role', v_table);
    execute format('grant select, insert, update, delete on public.%I to authenticated', v_table);
    execute format('grant all on public.%I to service_role', v_table);
    execute format('create policy members_see on public.%I for select to authenticated
      using (organization_id in (select workflow.member_organizations(''viewer'')))', v_table);
    execute format('create policy editors_create on public.%I for insert to authenticated
      with check (organization_id in (select workflow.member_organizations(''editor'')))', v_table);
    execute format('create policy editors_change on public.%I for update to authenticated
      using (organization_id in (select workflow.member_organizations(''editor'')))
      with check (organization_id in (select workflow.member_organizations(''editor'')))', v_table);
    execute format('create policy admins_delete on public.%I for delete to authenticated
      using (organization_id in (select workflow.member_organizations(''admin'')))', v_table);
  end loop;
end $$;

select workflow.watch_table('public.support_tickets');
select workflow.watch_table('public.knowledge_base_articles');

-- Whether the caller may read this organisation's rows: what the policies above say.
create function workflow.may_read(p_organization uuid) returns boolean
language sql stable set search_path = '' as $$
  select (select auth.role()) = 'service_role'
    or p_organization in (select workflow.member_organizations('viewer'))
$$;
revoke execute on function workflow.may_read(uuid) from public, anon, authenticated, service_role;

-- Tickets like this text, the most similar first. The setting is what the operator, and so the index, goes by; as
-- a setting of the function it is as before when the function ends.
create function workflow.similar_tickets(
  p_organization uuid, p_text text, p_threshold real, p_since timestamptz, p_except uuid, p_limit int)
returns table (id uuid, similarity real)
language plpgsql stable security definer set search_path = '' set pg_trgm.similarity_threshold = 0.3 as $$
begin
  if not workflow.may_read(p_organization) then
    return;
  end if;
  perform set_config('pg_trgm.similarity_threshold', p_threshold::text, true);
  return query
    select t.id, extensions.similarity(t.match_text, p_text)
    from public.support_tickets t
    where t.organization_id = p_organization and t.match_text operator(extensions.%) p_text
      and t.created_at >= p_since and t.id is distinct from p_except
    order by 2 desc, t.id
    limit p_limit;
end $$;
revoke execute on function workflow.similar_tickets(uuid, text, real, timestamptz, uuid, int) from public, anon;
grant execute on function workflow.similar_tickets(uuid, text, real, timestamptz, uuid, int)
  to authenticated, service_role;

-- Published articles for a search, the best first. Highlights are made for those alone: each reads its whole text.
create function workflow.search_articles(
  p_organization uuid, p_query text, p_language text, p_category text, p_limit int)
returns table (id uuid, rank real, title text, highlight text, category text, tags text[])
language sql stable security definer set search_path = '' as $$
  with search as (
    select c.configuration, websearch_to_tsquery(c.configuration, p_query) as words
    from (select case p_language when 'de' then 'pg_catalog.german' else 'pg_catalog.english' end::regconfig) c (configuration)
  ), best as (
    select a.*, ts_rank_cd(a.search, s.words, 32) as rank, s.configuration, s.words
    from search s join public.knowledge_base_articles a on a.search @@ s.words
    where a.organization_id = p_organization and a.status = 'published' and a.language = p_language
      and (p_category is null or a.category = p_category) and workflow.may_read(p_organization)
    order by rank desc, a.id
    limit p_limit
  )
  select b.id, b.rank, b.title, ts_headline(b.configuration, b.body, b.words,
      'StartSel=**, StopSel=**, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter=" … "'),
    b.category, b.tags
  from best b
  order by b.rank desc, b.id
$$;
revoke execute on function workflow.search_articles(uuid, text, text, text, int) from public, anon;
grant execute on function workflow.search_articles(uuid, text, text, text, int) to authenticated, service_role;
