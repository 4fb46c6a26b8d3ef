import { beforeEach, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { asUser, failure, insert, member, organization, type Runner, run, runOn } from './support.ts';

let runner: Runner;
let other: string;

beforeEach(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'editor', [other]: 'owner' }), organization: own };
});

const create = (rows: object[], params: object = {}, as = runner) =>
  run(as, 'bulkCreate', { entity: 'leads', rows, ...params } as never);
const names = async () =>
  (await sql`select name from leads where organization_id = ${runner.organization} order by id`).map(
    ({ name }) => name,
  );
const lead = (n: number) => ({ name: `Lead ${n}`, score: n % 100 });
const many = (count: number) => Array.from({ length: count }, (_, n) => lead(n));

describe('bulkCreate', () => {
  it('inserts the rows for the organisation and returns them in their order, defaults included', async () => {
    const select = ['organization_id', 'name', 'score', 'tags', 'custom', 'status'];
    const rows = [
      { name: 'Ada', tags: ['vip', 'a "quoted" one'], custom: { seats: 3 } },
      { name: 'Ben', score: 50 },
      { name: 'Cleo', tags: [], custom: 'just text' },
    ];
    expect(await create(rows, { select })).toMatchObject({
      count: 3,
      failed: [],
      rows: [
        {
          organization_id: runner.organization,
          name: 'Ada',
          tags: ['vip', 'a "quoted" one'],
          custom: { seats: 3 },
          status: 'new',
        },
        { name: 'Ben', score: 50, tags: [], custom: {} },
        { name: 'Cleo', tags: [], custom: 'just text' },
      ],
    });
    expect((await names()).sort()).toEqual(['Ada', 'Ben', 'Cleo']);
  });

  it('inserts nothing when there is nothing to insert', async () => {
    expect(await create([])).toEqual({ count: 0, rows: [], failed: [] });
  });

  it('returns the primary keys unless told otherwise, so that thousands fit into a step', async () => {
    const { rows } = await create([{ name: 'Ada' }]);
    expect(rows).toEqual([{ id: expect.any(String) }]);
  });

  it('takes one statement for thousands of rows', async () => {
    const statements: string[] = [];
    const result = await asUser(runner.user, async (db) => {
      const counted = new Proxy(db, {
        get: (target, name) => {
          if (name === 'with') statements.push('with');
          return Reflect.get(target, name);
        },
      });
      return runOn(counted, runner, 'bulkCreate', {
        entity: 'leads',
        rows: many(5_000),
        select: ['name'],
      });
    });
    expect(statements).toHaveLength(1);
    expect(result.count).toBe(5_000);
    expect((result.rows as unknown[])[4_999]).toEqual({ name: 'Lead 4999' });
  });

  it('writes no row when one is refused, and names every one at fault', async () => {
    const rows: { name: string; score: number | string; email?: string }[] = many(100);
    rows[17] = { name: 'Too high', score: 900 };
    rows[63] = { name: 'No number', score: 'many' };
    const error = await failure(create(rows));
    expect(error).toMatchObject({
      code: 'rows_refused',
      path: 'params.rows[17]',
      retryable: false,
      details: {
        failed: [
          { index: 17, code: 'check_violation' },
          { index: 63, code: 'invalid_value' },
        ],
      },
    });
    expect(error.message).toContain('2 of 100 rows cannot be written. Row 17');
    expect(await names()).toEqual([]);
  });

  it('writes the others with onRowError skip, and lists what it has left out', async () => {
    const { id } = (await insert('leads', { organization_id: runner.organization, name: 'There' })) as {
      id: string;
    };
    const rows: object[] = many(9);
    rows[0] = { ...lead(0), score: -1 };
    rows[4] = { ...lead(4), id };
    rows[8] = { ...lead(8), tags: 'vip' };
    const result = await create(rows, { onRowError: 'skip', select: ['name'] });
    expect(result).toMatchObject({
      count: 6,
      failed: [
        { index: 0, code: 'check_violation' },
        { index: 4, id: { id }, code: 'unique_violation' },
        { index: 8, code: 'invalid_value' },
      ],
    });
    expect(result.rows).toEqual([1, 2, 3, 5, 6, 7].map((n) => ({ name: `Lead ${n}` })));
    expect((await names()).sort()).toEqual([
      'Lead 1',
      'Lead 2',
      'Lead 3',
      'Lead 5',
      'Lead 6',
      'Lead 7',
      'There',
    ]);
  });

  it('takes the first of two rows of one batch with the same key', async () => {
    const { id } = (await insert('leads', { organization_id: runner.organization, name: 'Converted' })) as {
      id: string;
    };
    const rows = ['First', 'Second'].map((name) => ({ name, lead_id: id }));
    expect(await create(rows, { entity: 'deals', onRowError: 'skip', select: ['name'] })).toMatchObject({
      count: 1,
      rows: [{ name: 'First' }],
      failed: [{ index: 1, code: 'unique_violation' }],
    });
  });

  it('stops looking after twenty rows at fault', async () => {
    const error = await failure(create(many(200).map((row) => ({ ...row, score: 500 }))));
    expect(error.message).toContain('20 or more of 200 rows');
    expect((error as never as { details: { failed: [] } }).details.failed).toHaveLength(20);
  });

  it('refuses rows that point into another organisation, or belong to one', async () => {
    const foreign = await insert('leads', { organization_id: other, name: 'Foreign' });
    const rows = [{ name: 'Ours' }, { name: 'Theirs', lead_id: foreign.id }];
    expect(await failure(create(rows, { entity: 'deals' }))).toMatchObject({
      code: 'rows_refused',
      path: 'params.rows[1]',
      details: { failed: [{ index: 1, code: 'foreign_key_violation' }] },
    });
    expect(await failure(create([{ name: 'x', organization_id: other }]))).toMatchObject({
      code: 'foreign_organization',
      path: 'params.rows[0].organization_id',
    });
  });

  it('never skips what every row would meet', async () => {
    const viewer = { ...runner, user: await member({ [runner.organization]: 'viewer' }) };
    expect(await failure(create(many(3), { onRowError: 'skip' }, viewer))).toMatchObject({
      code: 'not_allowed',
    });
    const rows = [{ name: 'x' }, { nmae: 'y' }];
    expect(await failure(create(rows, { onRowError: 'skip' }))).toMatchObject({
      code: 'unknown_column',
      hint: 'Did you mean "name"?',
      path: 'params.rows[1].nmae',
    });
  });

  it('refuses an empty row, more than 10,000 rows and a column to select that is not there', async () => {
    expect(await failure(create([{}]))).toMatchObject({ code: 'invalid_params' });
    expect(await failure(create(many(10_001)))).toMatchObject({ code: 'invalid_params' });
    expect(await failure(create([{ name: 'x' }], { select: ['nmae'] }))).toMatchObject({
      code: 'unknown_column',
      path: 'params.select[0]',
    });
  });
});
