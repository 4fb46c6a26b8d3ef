begin;
select plan(15);

insert into auth.users (id, email)
  select ('00000000-0000-4000-8000-0000000000a' || n)::uuid, n || '@business.test' from generate_series(1, 4) n;
insert into public.organizations (id, name) values
  ('00000000-0000-4000-8000-0000000000f1', 'Ours'), ('00000000-0000-4000-8000-0000000000f2', 'Theirs');
insert into public.organization_members values
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a1', 'viewer'),
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a2', 'editor'),
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a3', 'admin'),
  ('00000000-0000-4000-8000-0000000000f2', '00000000-0000-4000-8000-0000000000a4', 'owner');
insert into public.leads (id, organization_id, name) values
  ('00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-0000000000f1', 'Our lead'),
  ('00000000-0000-4000-8000-0000000000b2', '00000000-0000-4000-8000-0000000000f2', 'Their lead');
create function pg_temp.become(p_user text) returns void language sql as $$
  select set_config('request.jwt.claims',
    format('{"sub": "00000000-0000-4000-8000-0000000000%s", "role": "authenticated"}', p_user), true)
$$;
set local role authenticated;

select pg_temp.become('a1');
select results_eq($$select name from public.leads$$, $$values ('Our lead')$$, 'a viewer sees the leads of their organisation');
select throws_ok($$insert into public.leads (organization_id, name) values ('00000000-0000-4000-8000-0000000000f1', 'x')$$,
  '42501', null, 'and adds none');
select is_empty($$update public.leads set name = 'x' returning 1$$, 'and changes none');

select pg_temp.become('a2');
select lives_ok($$insert into public.leads (organization_id, name) values ('00000000-0000-4000-8000-0000000000f1', 'New')$$,
  'an editor adds a lead');
select throws_ok($$insert into public.leads (organization_id, name) values ('00000000-0000-4000-8000-0000000000f2', 'x')$$,
  '42501', null, 'not to another organisation');
select throws_ok($$update public.leads set organization_id = '00000000-0000-4000-8000-0000000000f2'$$,
  '42501', null, 'nor moves one there');
select is_empty($$delete from public.leads returning 1$$, 'and deletes none');
select throws_ok($$insert into public.deals (organization_id, lead_id, name)
  values ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000b2', 'x')$$,
  '23503', null, 'no deal points to the lead of another organisation');
select throws_ok($$update public.leads set assigned_to = '00000000-0000-4000-8000-0000000000a4'$$,
  '23503', null, 'no lead is assigned to somebody who is no member');
select lives_ok($$insert into public.deals (organization_id, lead_id, name)
  values ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000b1', 'Deal')$$, 'a lead becomes a deal');
select throws_ok($$insert into public.deals (organization_id, lead_id, name)
  values ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000b1', 'Again')$$,
  '23505', null, 'once');

select pg_temp.become('a3');
select isnt_empty($$delete from public.leads where name = 'Our lead' returning 1$$, 'an admin deletes a lead');
select results_eq($$select name, lead_id from public.deals$$, $$values ('Deal', null::uuid)$$, 'its deal stays');

set local role anon;
select throws_ok($$select 1 from public.leads$$, '42501', null, 'who is not signed in sees no leads');
select throws_ok($$select 1 from public.deals$$, '42501', null, 'and no deals');

select * from finish();
rollback;
