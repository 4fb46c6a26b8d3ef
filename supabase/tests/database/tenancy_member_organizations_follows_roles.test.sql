begin;
select plan(7);

insert into auth.users (id, email) values ('00000000-0000-4000-8000-0000000000a1', 'member@tenancy.test');
insert into public.organizations (id, name)
  select ('00000000-0000-4000-8000-0000000000f' || n)::uuid, 'Organisation ' || n from generate_series(1, 5) n;
insert into public.organization_members values
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a1', 'viewer'),
  ('00000000-0000-4000-8000-0000000000f2', '00000000-0000-4000-8000-0000000000a1', 'editor'),
  ('00000000-0000-4000-8000-0000000000f3', '00000000-0000-4000-8000-0000000000a1', 'admin'),
  ('00000000-0000-4000-8000-0000000000f4', '00000000-0000-4000-8000-0000000000a1', 'owner');
set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-0000000000a1", "role": "authenticated"}';
set local role authenticated;

select is((select count(*)::int from workflow.member_organizations('viewer')), 4, 'every role is at least viewer');
select is((select count(*)::int from workflow.member_organizations('editor')), 3, 'three are at least editor');
select is((select count(*)::int from workflow.member_organizations('admin')), 2, 'two are at least admin');
select is((select count(*)::int from workflow.member_organizations('owner')), 1, 'one is owner');
select is((select count(*)::int from workflow.member_organizations('king')), 0, 'an unknown role is held nowhere');
select ok(not workflow.has_role('00000000-0000-4000-8000-0000000000f5', 'viewer'), 'a stranger has no role');

set local role anon;
select throws_ok($$select workflow.member_organizations('viewer')$$, '42501', null, 'who is not signed in may not ask');

select * from finish();
rollback;
