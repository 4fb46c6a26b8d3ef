begin;
select plan(6);

insert into auth.users (id, email) values
  ('00000000-0000-4000-8000-0000000000a1', 'founder@tenancy.test'),
  ('00000000-0000-4000-8000-0000000000a2', 'other@tenancy.test');
set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-0000000000a1", "role": "authenticated"}';
set local role authenticated;

-- What supabase-js sends for `.insert({ name }).select()`.
select results_eq(
  $$insert into public.organizations (name) values ('Founded') returning name, created_by$$,
  $$values ('Founded', '00000000-0000-4000-8000-0000000000a1'::uuid)$$,
  'a signed-in user creates an organisation and gets it back');
select results_eq(
  $$select user_id, role from public.organization_members$$,
  $$values ('00000000-0000-4000-8000-0000000000a1'::uuid, 'owner')$$,
  'and owns it');
select throws_ok(
  $$insert into public.organizations (name, created_by) values ('Theirs', '00000000-0000-4000-8000-0000000000a2')$$,
  '42501', null, 'nobody creates one in the name of another');
select throws_ok(
  $$insert into public.organizations (name, created_at) values ('Backdated', now())$$,
  '42501', null, 'nobody sets when it was created');

set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-0000000000a2", "role": "authenticated"}';
select is_empty($$select 1 from public.organizations where name = 'Founded'$$, 'others do not see it');

reset role;
update public.organizations set created_at = now() - interval '1 day' where name = 'Founded';
insert into public.organization_members
  select id, '00000000-0000-4000-8000-0000000000a2', 'owner' from public.organizations where name = 'Founded';
delete from public.organization_members where user_id = '00000000-0000-4000-8000-0000000000a1';
set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-0000000000a1", "role": "authenticated"}';
set local role authenticated;
select is_empty($$select 1 from public.organizations where name = 'Founded'$$,
  'a creator who has left sees it no longer');

select * from finish();
rollback;
