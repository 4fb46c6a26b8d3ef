import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, expect, it } from 'vitest';
import { copyDatabase } from '../../supabase/local/postgres/migrate.ts';
import { connect, platform } from '../support/platform.ts';

const server = connect(platform.db_url);
const [source, target] = [randomUUID(), randomUUID()].map((id) => `test_${id.replaceAll('-', '')}`) as [
  string,
  string,
];
const urlOf = (name: string) => platform.db_url.replace(/[^/]+$/, name);

afterAll(async () => {
  for (const name of [source, target]) await server`drop database if exists ${server(name)} with (force)`;
});

/** Runs one statement on a connection of its own. */
async function on(name: string, statement: string): Promise<postgres.Row[]> {
  const sql = postgres(urlOf(name), { max: 1, onnotice: () => {} });
  return sql.unsafe(statement).finally(() => sql.end());
}

it('a database is copied as it is now, over an older copy and past sessions that linger', async () => {
  await server`create database ${server(source)}`;
  await on(source, 'create table public.notes as select 1 as id');
  await copyDatabase(urlOf(source), target);
  expect(await on(target, 'select id from public.notes')).toEqual([{ id: 1 }]);

  const lingering = postgres(urlOf(source), { max: 1, onnotice: () => {}, onclose: () => {} });
  await lingering`insert into public.notes values (2)`;
  await copyDatabase(urlOf(source), target);
  expect(await on(target, 'select id from public.notes order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  await lingering.end({ timeout: 1 });

  // Apart from then on.
  await on(target, 'delete from public.notes');
  expect(await on(source, 'select id from public.notes')).toHaveLength(2);
});

it('a database that does not exist is not copied, and says so', async () => {
  const missing = `missing_${randomUUID().replaceAll('-', '')}`;
  await expect(copyDatabase(urlOf(missing), target)).rejects.toMatchObject({ code: '3D000' });
});
