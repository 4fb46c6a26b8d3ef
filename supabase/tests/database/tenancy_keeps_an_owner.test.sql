begin;
select plan(8);

insert into auth.users (id, email) values
  ('00000000-0000-4000-8000-0000000000a1', 'owner@tenancy.test'),
  ('00000000-0000-4000-8000-0000000000a2', 'second@tenancy.test');
insert into public.organizations (id, name) values ('00000000-0000-4000-8000-0000000000f1', 'One owner');
insert into public.organization_members values
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a1', 'owner'),
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a2', 'admin');
set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-0000000000a1", "role": "authenticated"}';
set local role authenticated;

select throws_ok($$delete from public.organization_members where user_id = '00000000-0000-4000-8000-0000000000a1'$$,
  '23514', null, 'the last owner cannot leave');
select throws_ok($$update public.organization_members set role = 'admin' where role = 'owner'$$,
  '23514', null, 'the last owner cannot be demoted');
select throws_ok($$delete from public.organization_members$$,
  '23514', null, 'nor be removed along with everybody else');
reset role;
select throws_ok($$delete from auth.users where id = '00000000-0000-4000-8000-0000000000a1'$$,
  '23514', null, 'nor vanish with the account');
set local role authenticated;

select lives_ok($$update public.organization_members set role = 'owner' where role = 'admin'$$,
  'an owner makes another one');
select throws_ok($$update public.organization_members set role = 'viewer'$$,
  '23514', null, 'two owners cannot both be demoted at once');
select lives_ok($$delete from public.organization_members where user_id = '00000000-0000-4000-8000-0000000000a1'$$,
  'with a second owner the first may leave');

set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-0000000000a2", "role": "authenticated"}';
select lives_ok($$delete from public.organizations where id = '00000000-0000-4000-8000-0000000000f1'$$,
  'the last owner may delete the organisation');

select * from finish();
rollback;
