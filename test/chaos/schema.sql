-- What the chaos run's workflows write, and what its checks read. Nothing here is unique but the keys,
-- so that an effect that happens twice shows.

create table public.chaos_effects (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  execution_id uuid not null,
  step text not null,
  note text
);
create table public.chaos_counters (
  id int primary key,
  organization_id uuid not null,
  count int not null default 0
);
create table public.chaos_orders (
  id int primary key,
  organization_id uuid not null,
  number int not null
);

do $$
declare
  v_table regclass;
begin
  foreach v_table in array array['public.chaos_effects', 'public.chaos_counters', 'public.chaos_orders']::regclass[] loop
    execute format('alter table %s enable row level security', v_table);
    execute format('grant select, insert, update on %s to authenticated', v_table);
    execute format($p$create policy editors on %s to authenticated
      using (organization_id in (select workflow.member_organizations('editor')))$p$, v_table);
  end loop;
end $$;
select workflow.watch_table('public.chaos_orders');

-- Each lease that was lost, so that a repeated call can be explained.
create schema chaos;
create table chaos.lost_leases (step_run_id uuid not null);
create function chaos.note_lost_lease() returns trigger
language plpgsql as $$
begin
  insert into chaos.lost_leases values (new.step_id);
  return null;
end $$;
create trigger note_lost_lease after update on workflow.strands
  for each row when (new.deliveries > old.deliveries) execute function chaos.note_lost_lease();

-- Leases end soon, so that what was lost comes back while the run lasts; no step is given up for it.
update workflow.settings set default_timeout = '2 seconds', lease_grace = '500 milliseconds',
  max_deliveries = 1000, max_slots = 100, max_in_flight = 16;
