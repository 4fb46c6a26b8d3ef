-- Tenancy: organisations and who belongs to them. The engine knows them only through
-- workflow.member_organizations, so a project with tables of its own replaces this file.

create table public.organizations (
  id uuid primary key default workflow.new_id(),
  name text not null check (char_length(btrim(name)) between 1 and 200),
  created_by uuid default auth.uid() references auth.users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index organizations_created_by on public.organizations (created_by);
create trigger touch before update on public.organizations for each row execute function workflow.touch();

create table public.organization_members (
  organization_id uuid not null references public.organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'viewer' check (role in ('viewer', 'editor', 'admin', 'owner')),
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
-- Covers member_organizations, which every policy calls.
create index organization_members_user on public.organization_members (user_id) include (organization_id, role);

-- Security definer, so that the policy on organization_members may ask it without asking itself.
create or replace function workflow.member_organizations(p_role text) returns setof uuid
language sql stable security definer rows 10 set search_path = '' as $$
  select m.organization_id
  from public.organization_members m
  where m.user_id = (select auth.uid())
    and array_position(array['viewer', 'editor', 'admin', 'owner'], m.role)
      >= array_position(array['viewer', 'editor', 'admin', 'owner'], p_role)
$$;
revoke execute on function workflow.member_organizations(text) from public, anon;
grant execute on function workflow.member_organizations(text) to authenticated, service_role;

create or replace function workflow.members_with_role(p_organization uuid, p_role text) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select m.user_id
  from public.organization_members m
  where m.organization_id = p_organization
    and array_position(array['viewer', 'editor', 'admin', 'owner'], m.role)
      >= array_position(array['viewer', 'editor', 'admin', 'owner'], p_role)
$$;
revoke execute on function workflow.members_with_role(uuid, text) from public, anon, authenticated, service_role;

-- Whoever creates an organisation owns it. Without a user (seed, service key) nobody does yet.
create function workflow.add_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.created_by is not null then
    insert into public.organization_members (organization_id, user_id, role)
    values (new.id, new.created_by, 'owner');
  end if;
  return null;
end $$;
revoke execute on function workflow.add_owner() from public;
create trigger add_owner after insert on public.organizations
  for each row execute function workflow.add_owner();

-- The row lock makes two owners who remove each other at the same time wait for one another. Where
-- the organisation itself is being deleted its row is gone, and so may its members be.
create function workflow.keep_an_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform from public.organizations where id = old.organization_id for update;
  if found and not exists (select from public.organization_members
      where organization_id = old.organization_id and role = 'owner' and user_id <> old.user_id) then
    raise exception using errcode = '23514', message = 'An organisation needs at least one owner.',
      detail = 'last_owner', hint = 'Make another member owner first, or delete the organisation.';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
revoke execute on function workflow.keep_an_owner() from public;
create trigger keep_an_owner before delete on public.organization_members
  for each row when (old.role = 'owner') execute function workflow.keep_an_owner();
create trigger keep_an_owner_on_change before update on public.organization_members
  for each row when (old.role = 'owner' and (new.role, new.organization_id, new.user_id)
    is distinct from (old.role, old.organization_id, old.user_id))
  execute function workflow.keep_an_owner();

alter table public.organizations enable row level security;
alter table public.organization_members enable row level security;

revoke all on public.organizations, public.organization_members from anon, authenticated, service_role;
-- created_by and created_at come from their defaults alone: two policies build on them.
grant select, insert (id, name), update (name), delete on public.organizations to authenticated;
grant select, insert (organization_id, user_id, role), update (role), delete
  on public.organization_members to authenticated;
grant all on public.organizations, public.organization_members to service_role;

-- `insert … returning` asks this policy before the trigger has made the creator a member. created_at
-- is the transaction's start, so the second half holds in that transaction and never again.
create policy members_see on public.organizations for select to authenticated using (
  id in (select workflow.member_organizations('viewer'))
  or (created_by = (select auth.uid()) and created_at = now()));
create policy users_create on public.organizations for insert to authenticated
  with check (created_by = (select auth.uid()));
create policy admins_change on public.organizations for update to authenticated
  using (id in (select workflow.member_organizations('admin')))
  with check (id in (select workflow.member_organizations('admin')));
create policy owners_delete on public.organizations for delete to authenticated
  using (id in (select workflow.member_organizations('owner')));

create policy members_see on public.organization_members for select to authenticated
  using (organization_id in (select workflow.member_organizations('viewer')));
-- Admins manage everyone below owner; only owners make, change or remove owners.
create policy admins_add on public.organization_members for insert to authenticated with check (
  (role <> 'owner' and organization_id in (select workflow.member_organizations('admin')))
  or organization_id in (select workflow.member_organizations('owner')));
create policy admins_change on public.organization_members for update to authenticated
  using (
    (role <> 'owner' and organization_id in (select workflow.member_organizations('admin')))
    or organization_id in (select workflow.member_organizations('owner')))
  with check (
    (role <> 'owner' and organization_id in (select workflow.member_organizations('admin')))
    or organization_id in (select workflow.member_organizations('owner')));
create policy admins_remove_anyone_leaves on public.organization_members for delete to authenticated using (
  user_id = (select auth.uid())
  or (role <> 'owner' and organization_id in (select workflow.member_organizations('admin')))
  or organization_id in (select workflow.member_organizations('owner')));
