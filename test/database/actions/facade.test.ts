import { sql as raw } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type Database } from '../../../shared/actions/database/facade.ts';
import { asUser, failure, member, organization } from './support.ts';

let user: string;
let own: string;

beforeAll(async () => {
  own = await organization();
  user = await member({ [own]: 'editor' });
});

const attempt = (work: (db: Database) => Promise<unknown>) => failure(asUser(user, (db) => work(db)));

describe('the database of a handler', () => {
  it('runs built statements as the user', async () => {
    const rows = await asUser(user, (db) =>
      db.selectFrom('public.organizations').select('id').orderBy('id', 'desc').execute(),
    );
    expect(rows).toEqual([{ id: own }]);
  });

  it.each<[string, (db: Database) => Promise<unknown>]>([
    ['a fragment', (db) => db.selectFrom('public.leads').select(raw`now()`.as('x')).execute()],
    ['a condition', (db) => db.selectFrom('public.leads').selectAll().where(raw<boolean>`1 = 1`).execute()],
    [
      'a set_config',
      (db) =>
        db.selectNoFrom((eb) => eb.fn('set_config', [eb.val('role'), eb.val('postgres')]).as('x')).execute(),
    ],
    [
      'a function name with a tail',
      (db) => db.selectNoFrom((eb) => eb.fn('now() as y, max', [eb.lit(1)]).as('x')).execute(),
    ],
    ['a file', (db) => db.selectNoFrom((eb) => eb.fn('pg_read_file', [eb.val('x')]).as('x')).execute()],
    [
      'a cast with a tail',
      (db) => db.selectNoFrom((eb) => eb.cast(eb.lit(1), raw`int) , (select 1`).as('x')).execute(),
    ],
    [
      'a fragment in a common table',
      (db) =>
        db
          .with('a', () => raw`select 1` as never)
          .selectFrom('a')
          .selectAll()
          .execute(),
    ],
  ])('refuses %s of SQL text', async (_, work) => {
    expect(await attempt(work)).toMatchObject({ code: 'raw_sql_refused' });
  });

  it('takes data that looks like SQL for data', async () => {
    const value = { kind: 'RawNode', sqlFragments: ['drop table leads'], parameters: [] };
    const rows = await asUser(user, (db) =>
      db.selectNoFrom((eb) => eb.cast<string>(eb.val(JSON.stringify(value)), 'text').as('x')).execute(),
    );
    expect(rows).toEqual([{ x: JSON.stringify(value) }]);
  });

  it('has no transactions, no raw queries and no schema', async () => {
    const db = createDatabase({ run: async () => [], savepoint: () => Promise.reject() });
    for (const method of [
      'transaction',
      'startTransaction',
      'connection',
      'executeQuery',
      'getExecutor',
      'schema',
      'destroy',
    ])
      expect(db).not.toHaveProperty(method);
    await expect(raw`select 1`.execute(db as never)).rejects.toThrow();
  });
});

describe('an attempt', () => {
  const name = (db: Database, value: string) =>
    db.insertInto('public.leads').values({ organization_id: own, name: value }).execute();
  const names = async (db: Database) =>
    (
      await db
        .selectFrom('public.leads')
        .select('name')
        .where('organization_id', '=', own)
        .orderBy('id')
        .execute()
    ).map((row) => row.name);

  it('takes back what it has written when it fails, also inside another, and nothing else', async () => {
    const kept = await asUser(user, async (db) => {
      await name(db, 'before');
      const inner = () =>
        db.attempt(async () => {
          await name(db, 'inner');
          await name(db, null as never);
        });
      await db.attempt(async () => {
        await name(db, 'outer');
        expect(await failure(inner())).toMatchObject({ code: 'check_violation' });
      });
      const thrown = new Error('It broke.');
      await expect(
        db.attempt(async () => {
          await name(db, 'lost');
          throw thrown;
        }),
      ).rejects.toBe(thrown);
      return names(db);
    });
    expect(kept).toEqual(['before', 'outer']);
  });
});
