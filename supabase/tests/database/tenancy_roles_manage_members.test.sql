begin;
select plan(15);

insert into auth.users (id, email)
  select ('00000000-0000-4000-8000-0000000000a' || n)::uuid, n || '@tenancy.test' from generate_series(1, 5) n;
insert into public.organizations (id, name) values
  ('00000000-0000-4000-8000-0000000000f1', 'Ours'), ('00000000-0000-4000-8000-0000000000f2', 'Theirs');
insert into public.organization_members values
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a1', 'owner'),
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a2', 'admin'),
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a3', 'editor'),
  ('00000000-0000-4000-8000-0000000000f2', '00000000-0000-4000-8000-0000000000a4', 'owner');
create function pg_temp.become(p_user text) returns void language sql as $$
  select set_config('request.jwt.claims',
    format('{"sub": "00000000-0000-4000-8000-0000000000%s", "role": "authenticated"}', p_user), true)
$$;
set local role authenticated;

select pg_temp.become('a3');
select is((select count(*)::int from public.organization_members), 3, 'members see the members of their organisation');
select results_eq($$select name from public.organizations$$, $$values ('Ours')$$, 'and their organisation, no other');
select throws_ok($$insert into public.organization_members
  values ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a5')$$,
  '42501', null, 'an editor adds nobody');
select is_empty($$update public.organization_members set role = 'admin'
  where user_id = '00000000-0000-4000-8000-0000000000a3' returning 1$$, 'nor raises their own role');
select is_empty($$update public.organizations set name = 'Mine' returning 1$$, 'nor renames the organisation');

select pg_temp.become('a2');
select lives_ok($$insert into public.organization_members
  values ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a5', 'viewer')$$,
  'an admin adds a member');
select throws_ok($$update public.organization_members set role = 'owner'
  where user_id = '00000000-0000-4000-8000-0000000000a2'$$,
  '42501', null, 'but makes nobody owner, themselves included');
select is_empty($$update public.organization_members set role = 'viewer' where role = 'owner' returning 1$$,
  'nor touches an owner');
select is_empty($$delete from public.organizations returning 1$$, 'nor deletes the organisation');
select throws_ok($$insert into public.organization_members
  values ('00000000-0000-4000-8000-0000000000f2', '00000000-0000-4000-8000-0000000000a2', 'viewer')$$,
  '42501', null, 'nor enters another organisation');
select throws_ok($$update public.organization_members set organization_id = '00000000-0000-4000-8000-0000000000f2'$$,
  '42501', null, 'nor moves a membership');
select isnt_empty($$update public.organizations set name = 'Ours, renamed' returning 1$$, 'an admin renames it');

select pg_temp.become('a5');
select isnt_empty($$delete from public.organization_members
  where user_id = '00000000-0000-4000-8000-0000000000a5' returning 1$$, 'a viewer may leave');
select is_empty($$select 1 from public.organizations$$, 'and is gone');

set local role anon;
select throws_ok($$select 1 from public.organizations$$, '42501', null, 'who is not signed in sees nothing');

select * from finish();
rollback;
