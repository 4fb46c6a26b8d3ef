import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anonymousClient, platform, serviceClient, signUpUser, sql } from '../support/platform.ts';

// The Data API switches roles and row-level security holds, on a table made after the platform started.

const table = `probe_${randomUUID().replaceAll('-', '')}`;

beforeAll(async () => {
  await sql.unsafe(`
    create table public.${table} (
      id int generated always as identity primary key,
      owner uuid not null default auth.uid(),
      body jsonb,
      at timestamptz not null default now()
    );
    alter table public.${table} enable row level security;
    create policy own on public.${table} to authenticated
      using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
  `);
});
afterAll(async () => {
  await sql`drop table public.${sql(table)}`;
});

test('users see their own rows, the service sees all, anonymous callers none', async () => {
  const [ann, bob] = await Promise.all([signUpUser(), signUpUser()]);
  expect((await ann.client.from(table).insert({ body: 'ann' })).error).toBeNull();
  expect((await bob.client.from(table).insert({ body: 'bob' })).error).toBeNull();

  const bodies = async (client: typeof ann.client) => {
    const { data } = await client.from(table).select('body').order('id');
    return data?.map(({ body }) => body);
  };
  expect(await bodies(ann.client)).toEqual(['ann']);
  expect(await bodies(bob.client)).toEqual(['bob']);
  expect(await bodies(serviceClient())).toEqual(['ann', 'bob']);
  expect(await bodies(anonymousClient())).toEqual([]);
});

test('nobody writes in another name', async () => {
  const ann = await signUpUser();
  const { error } = await ann.client.from(table).insert({ owner: randomUUID(), body: 'forged' });
  expect(error?.code).toBe('42501');
});

test('JSON and timestamps arrive as PostgREST sends them', async () => {
  const { client } = await signUpUser();
  for (const body of [{ a: [1, null, 'x'] }, 'text', 7, ['a']]) {
    const { data, error } = await client.from(table).insert({ body }).select().single();
    expect(error).toBeNull();
    expect(data.body).toEqual(body);
    expect(data.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
  }
});

test('UPDATE and DELETE without a filter are refused', async () => {
  const { client } = await signUpUser();
  expect((await client.from(table).update({ body: 1 })).error?.code).toBe('21000');
  expect((await client.from(table).delete()).error?.code).toBe('21000');
});

test('a request without a key is refused', async () => {
  expect((await fetch(`${platform.api_url}/rest/v1/${table}`)).status).toBe(401);
});
