-- Secrets of an organisation: names here, values in Vault. A definition names one as { "$secret": "NAME" };
-- no client ever reads a value back.

create table public.workflow_secrets (
  id uuid primary key default workflow.new_id(),
  organization_id uuid not null,
  name text not null check (name ~ '^[A-Za-z][A-Za-z0-9_]{0,62}$'),
  -- Hosts that calls to the outside may send it to; none: to no host at all.
  allowed_hosts text[] not null default '{}',
  created_by uuid default auth.uid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, name)
);
create trigger touch before update on public.workflow_secrets for each row execute function workflow.touch();

alter table public.workflow_secrets enable row level security;
revoke all on public.workflow_secrets from anon, authenticated, service_role;
grant select, delete, update (allowed_hosts) on public.workflow_secrets to authenticated;
grant select, delete, update (allowed_hosts) on public.workflow_secrets to service_role;

-- Editors name secrets in definitions; admins keep them.
create policy editors_see on public.workflow_secrets for select to authenticated
  using (organization_id in (select workflow.member_organizations('editor')));
create policy admins_change on public.workflow_secrets for update to authenticated
  using (organization_id in (select workflow.member_organizations('admin')))
  with check (organization_id in (select workflow.member_organizations('admin')));
create policy admins_delete on public.workflow_secrets for delete to authenticated
  using (organization_id in (select workflow.member_organizations('admin')));

-- The name in Vault of a secret's value.
create function workflow.vault_name(p_secret uuid) returns text
language sql immutable set search_path = '' as $$ select 'workflow_secret:' || p_secret $$;

-- The value of an organisation's secret; null where there is none.
create function workflow.secret_value(p_organization uuid, p_name text) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select workflow.read_secret(workflow.vault_name(s.id)) from public.workflow_secrets s
    where s.organization_id = p_organization and s.name = p_name);
end $$;

create function workflow.store_secret(p_organization uuid, p_name text, p_value text, p_allowed_hosts text[]) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_id uuid;
  v_vault uuid;
begin
  if (select auth.uid()) is not null and not workflow.has_role(p_organization, 'admin') then
    perform workflow.refuse('not_an_admin', 'Only admins of an organisation keep its secrets.', 'Ask one of them.');
  elsif coalesce(p_value, '') = '' then
    perform workflow.refuse('empty_secret', 'The secret has no value.', 'Give one, or delete the row of workflow_secrets.');
  end if;
  insert into public.workflow_secrets as s (organization_id, name, allowed_hosts)
    values (p_organization, p_name, coalesce(p_allowed_hosts, '{}'))
    on conflict (organization_id, name) do update set allowed_hosts = coalesce(p_allowed_hosts, s.allowed_hosts)
    returning id into v_id;
  select id into v_vault from vault.secrets where name = workflow.vault_name(v_id);
  if v_vault is null then
    perform vault.create_secret(p_value, workflow.vault_name(v_id));
  else
    perform vault.update_secret(v_vault, p_value);
  end if;
  insert into public.workflow_audit_log (organization_id, event, details)
    values (p_organization, 'secret_set', jsonb_build_object('name', p_name));
  return v_id;
end $$;

-- Stores a secret, or another value of it, as an admin of the organisation. allowed_hosts stays as it is unless given.
create function public.set_workflow_secret(organization_id uuid, name text, value text, allowed_hosts text[] default null)
returns uuid
language sql set search_path = '' as $$
  select workflow.store_secret(organization_id, name, value, allowed_hosts)
$$;
revoke execute on function public.set_workflow_secret(uuid, text, text, text[]) from public, anon;
grant execute on function public.set_workflow_secret(uuid, text, text, text[]) to authenticated, service_role;

-- A value goes with its row.
create function workflow.after_secret_delete() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from vault.secrets where name = workflow.vault_name(old.id);
  insert into public.workflow_audit_log (organization_id, event, details)
    values (old.organization_id, 'secret_deleted', jsonb_build_object('name', old.name));
  return null;
end $$;
create trigger after_delete after delete on public.workflow_secrets
  for each row execute function workflow.after_secret_delete();
