begin;
select plan(25);

insert into auth.users (id, email)
  select ('00000000-0000-4000-8000-0000000000a' || n)::uuid, n || '@support.test' from generate_series(1, 4) n;
insert into public.organizations (id, name) values
  ('00000000-0000-4000-8000-0000000000f1', 'Ours'), ('00000000-0000-4000-8000-0000000000f2', 'Theirs');
insert into public.organization_members values
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a1', 'viewer'),
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a2', 'editor'),
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a3', 'admin'),
  ('00000000-0000-4000-8000-0000000000f2', '00000000-0000-4000-8000-0000000000a4', 'owner');
insert into public.ticket_categories (id, organization_id, name) values
  ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-0000000000f1', 'Ours'),
  ('00000000-0000-4000-8000-0000000000c2', '00000000-0000-4000-8000-0000000000f2', 'Theirs');
insert into public.ticket_category_rules (organization_id, category_id, keyword)
  select organization_id, id, 'refund' from public.ticket_categories
    where id in ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-0000000000c2');
insert into public.support_tickets (organization_id, subject) values
  ('00000000-0000-4000-8000-0000000000f1', 'Ours'), ('00000000-0000-4000-8000-0000000000f2', 'Theirs');
insert into public.knowledge_base_articles (organization_id, title, body) values
  ('00000000-0000-4000-8000-0000000000f1', 'Ours', ''), ('00000000-0000-4000-8000-0000000000f2', 'Theirs', '');
create temporary table support_tables (name text);
insert into support_tables values
  ('ticket_categories'), ('ticket_category_rules'), ('support_tickets'), ('knowledge_base_articles');
grant select on support_tables to public;
create function pg_temp.become(p_user text) returns void language sql as $$
  select set_config('request.jwt.claims',
    format('{"sub": "00000000-0000-4000-8000-0000000000%s", "role": "authenticated"}', p_user), true)
$$;
create function pg_temp.organizations_in(p_table text) returns setof uuid language plpgsql as $$
begin
  return query execute format('select distinct organization_id from public.%I', p_table);
end $$;
set local role authenticated;

select pg_temp.become('a1');
select results_eq(format('select pg_temp.organizations_in(%L)', name),
  $$values ('00000000-0000-4000-8000-0000000000f1'::uuid)$$, format('a viewer sees the %s of their organisation', name))
  from support_tables;
select is_empty(format('update public.%I set updated_at = now() returning 1', name), format('and changes no %s', name))
  from support_tables;
select throws_ok($$insert into public.support_tickets (organization_id, subject)
  values ('00000000-0000-4000-8000-0000000000f1', 'x')$$, '42501', null, 'and opens no ticket');

select pg_temp.become('a2');
select isnt_empty(format('update public.%I set updated_at = now() returning 1', name), format('an editor changes %s', name))
  from support_tables;
select is_empty(format('delete from public.%I returning 1', name), format('and deletes no %s', name)) from support_tables;
select throws_ok($$insert into public.support_tickets (organization_id, subject)
  values ('00000000-0000-4000-8000-0000000000f2', 'x')$$, '42501', null, 'nor opens a ticket elsewhere');
select throws_ok($$update public.support_tickets set category_id = '00000000-0000-4000-8000-0000000000c2'$$,
  '23503', null, 'no ticket has a category of another organisation');

select pg_temp.become('a3');
select isnt_empty($$delete from public.ticket_categories returning 1$$, 'an admin deletes a category');
select is_empty($$select 1 from public.ticket_category_rules$$, 'and its rules with it');

set local role anon;
select throws_ok(format('select 1 from public.%I', name), '42501', null, format('who is not signed in sees no %s', name))
  from support_tables;

select * from finish();
rollback;
