import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { sql } from '../support/platform.ts';

// Migrations may do here what they may do on a hosted project, and nothing more.

const denied = { code: '42501' };

test('role postgres has the attributes of a hosted project', async () => {
  const [role] = await sql`
    select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = 'postgres'`;
  expect(role).toEqual({
    rolsuper: false,
    rolcreatedb: true,
    rolcreaterole: true,
    rolreplication: true,
    rolbypassrls: true,
  });
});

test.each(['anon', 'authenticated', 'service_role'])('role postgres can become %s', async (role) => {
  const who = await sql.begin(async (tx) => {
    await tx`select set_config('role', ${role}, true)`;
    return tx`select current_user as name`;
  });
  expect(who[0]?.name).toBe(role);
});

test.each([
  ['write cron.job', `insert into cron.job (schedule, command) values ('* * * * *', 'select 1')`],
  ['create in schema realtime', 'create table realtime.mine (id int)'],
  ['create in schema auth', 'create table auth.mine (id int)'],
  ['alter auth.users', 'alter table auth.users add column mine int'],
  ['write vault.secrets', `insert into vault.secrets (secret) values ('x')`],
  ['set superuser settings', `set session_replication_role = 'replica'; set log_statement = 'all'`],
  ['make a superuser', 'create role mine superuser'],
])('role postgres cannot %s', async (_what, statement) => {
  await expect(sql.unsafe(statement)).rejects.toMatchObject(denied);
});

test('role postgres can put a trigger on auth.users and refer to it', async () => {
  const undo = new Error('undo');
  const attempt = sql.begin(async (tx) => {
    await tx.unsafe(`
      create table public.profiles_probe (id uuid primary key references auth.users on delete cascade);
      create function public.probe() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger probe after insert on auth.users for each row execute function public.probe();
    `);
    throw undo;
  });
  await expect(attempt).rejects.toBe(undo);
});

test('a new table in schema public is open to the API roles until row-level security closes it', async () => {
  const table = `probe_${randomUUID().replaceAll('-', '')}`;
  await sql`create table public.${sql(table)} (id int)`;
  const privileges = await sql`
    select role from unnest(array['anon', 'authenticated', 'service_role']) role
     where has_table_privilege(role, ${`public.${table}`}, 'select, insert, update, delete')`;
  await sql`drop table public.${sql(table)}`;
  expect(privileges.map(({ role }) => role)).toEqual(['anon', 'authenticated', 'service_role']);
});

test('what the stand-in extensions make belongs to the superuser', async () => {
  const tables = ['cron.job', 'net.http_request_queue', 'vault.secrets'];
  const owners = await sql`
    select distinct relowner::regrole::text as owner from pg_class where oid = any (${tables}::regclass[])`;
  expect([...owners]).toEqual([{ owner: 'supabase_admin' }]);
});
