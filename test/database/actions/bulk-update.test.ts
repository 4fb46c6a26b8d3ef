import { beforeEach, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

let runner: Runner;
let other: string;
let ids: Record<string, string>;

beforeEach(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'editor', [other]: 'owner' }), organization: own };
  ids = {};
  for (const [name, score] of [
    ['Ada', 95],
    ['Ben', 50],
    ['Cleo', 40],
    ['Dora', 90],
  ] as const)
    ids[name] = (await insert('leads', { organization_id: own, name, score, source: 'web' })).id as string;
  ids.Foreign = (await insert('leads', { organization_id: other, name: 'Foreign', source: 'web' }))
    .id as string;
});

const update = (params: object, as = runner) =>
  run(as, 'bulkUpdate', { entity: 'leads', ...params } as never);
const column = async (name: string) =>
  Object.fromEntries(
    (
      await sql`select name, ${sql(name)} as value from leads
        where organization_id in (${runner.organization}, ${other}) order by name`
    ).map((row) => [row.name, row.value]),
  );

const ofWeb = { field: 'source', op: 'eq', value: 'web' };

describe('bulkUpdate of a rule', () => {
  it('changes its rows alike, in its own organisation only, and returns them', async () => {
    const result = await update({ where: ofWeb, set: { status: 'nurturing' }, select: ['status'] });
    expect(result).toEqual({ count: 4, rows: Array(4).fill({ status: 'nurturing' }), failed: [] });
    expect(await column('status')).toMatchObject({ Ada: 'nurturing', Foreign: 'new' });
  });

  it('changes nothing when the rule matches nothing', async () => {
    const where = { field: 'source', op: 'eq', value: 'fax' };
    expect(await update({ where, set: { status: 'nurturing' } })).toEqual({ count: 0, rows: [], failed: [] });
  });

  it('takes more rows than updateEntity', async () => {
    await sql`insert into leads (organization_id, name, source)
      select ${runner.organization}, 'Bulk ' || n, 'bulk' from generate_series(1, 1001) n`;
    const where = { field: 'source', op: 'eq', value: 'bulk' };
    expect(await update({ where, set: { source: 'list' }, select: ['id'] })).toMatchObject({ count: 1001 });
  });

  it('refuses more than 10,000 rows and leaves them all alone', async () => {
    await sql`insert into leads (organization_id, name, source)
      select ${runner.organization}, 'Bulk ' || n, 'bulk' from generate_series(1, 10001) n`;
    const where = { field: 'source', op: 'eq', value: 'bulk' };
    expect(await failure(update({ where, set: { source: 'list' } }))).toMatchObject({
      code: 'too_many_rows',
    });
    const [row] =
      await sql`select count(*)::int from leads where source = 'bulk' and organization_id = ${runner.organization}`;
    expect(row?.count).toBe(10_001);
  });

  it('names the rows that are refused, and with skip changes the others', async () => {
    await sql`alter table leads add constraint hot_leads_stay check (score < 90 or status = 'new') not valid`;
    try {
      const change = { where: ofWeb, set: { status: 'lost' }, select: ['name'] };
      expect(await failure(update(change))).toMatchObject({
        code: 'rows_refused',
        path: 'params.set',
        details: {
          failed: [
            { index: 0, id: { id: ids.Ada }, code: 'check_violation' },
            { index: 3, id: { id: ids.Dora }, code: 'check_violation' },
          ],
        },
      });
      expect(new Set(Object.values(await column('status')))).toEqual(new Set(['new']));
      const skipped = await update({ ...change, onRowError: 'skip' });
      expect(skipped).toMatchObject({ count: 2, rows: [{ name: 'Ben' }, { name: 'Cleo' }] });
      expect(skipped.failed).toMatchObject([{ id: { id: ids.Ada } }, { id: { id: ids.Dora } }]);
      expect(await column('status')).toMatchObject({ Ada: 'new', Ben: 'lost', Cleo: 'lost', Dora: 'new' });
    } finally {
      await sql`alter table leads drop constraint hot_leads_stay`;
    }
  });
});

describe('bulkUpdate of rows', () => {
  it('changes each in its own way and returns them in their order', async () => {
    const result = await update({
      select: ['name', 'score', 'company', 'custom'],
      rows: [
        { id: ids.Cleo?.toUpperCase(), score: 41, custom: { plan: 'basic' } },
        { id: ids.Ada, company: 'Acme' },
        { id: ids.Ben, score: null, custom: {} },
      ],
    });
    expect(result).toMatchObject({
      count: 3,
      failed: [],
      rows: [
        { name: 'Cleo', score: 41, custom: { plan: 'basic' } },
        { name: 'Ada', score: 95, company: 'Acme' },
        { name: 'Ben', score: null },
      ],
    });
    expect(await column('score')).toMatchObject({ Ada: 95, Ben: null, Cleo: 41, Dora: 90 });
  });

  it('changes nothing when there is nothing to change', async () => {
    expect(await update({ rows: [] })).toEqual({ count: 0, rows: [], failed: [] });
  });

  it('changes no row when one is refused or is not there, and names those', async () => {
    const gone = '018f0000-0000-7000-8000-000000000000';
    const rows = [
      { id: ids.Ada, score: 1 },
      { id: ids.Ben, score: 101 },
      { id: gone, score: 2 },
      { id: ids.Foreign, score: 3 },
    ];
    const error = await failure(update({ rows }));
    expect(error).toMatchObject({
      code: 'rows_refused',
      path: 'params.rows[1]',
      details: {
        failed: [
          { index: 1, id: { id: ids.Ben }, code: 'check_violation' },
          { index: 2, id: { id: gone }, code: 'row_not_found' },
          { index: 3, id: { id: ids.Foreign }, code: 'row_not_found' },
        ],
      },
    });
    expect(await column('score')).toMatchObject({ Ada: 95, Ben: 50, Foreign: null });
    expect(await update({ rows, onRowError: 'skip' })).toMatchObject({
      count: 1,
      rows: [{ id: ids.Ada }],
      failed: [{ index: 1 }, { index: 2 }, { index: 3 }],
    });
    expect(await column('score')).toMatchObject({ Ada: 1, Ben: 50, Foreign: null });
  });

  it('changes nothing for a user who may only look', async () => {
    const user = await member({ [runner.organization]: 'viewer' });
    expect(await failure(update({ rows: [{ id: ids.Ada, score: 1 }] }, { ...runner, user }))).toMatchObject({
      code: 'rows_refused',
      details: { failed: [{ code: 'row_not_found' }] },
    });
    expect(await column('score')).toMatchObject({ Ada: 95 });
  });

  it('refuses a row without its key, without values, or named twice', async () => {
    for (const rows of [
      [{ score: 1 }],
      [{ id: ids.Ada }],
      [
        { id: ids.Ada, score: 1 },
        { id: ids.Ada?.toUpperCase(), score: 2 },
      ],
    ])
      expect(await failure(update({ rows }))).toMatchObject({
        code: 'invalid_params',
        path: `params.rows[${rows.length - 1}]`,
      });
  });
});

describe('bulkUpdate', () => {
  it('asks for either a rule with values or rows', async () => {
    for (const params of [
      {},
      { where: ofWeb },
      { set: { score: 1 } },
      { where: ofWeb, set: { score: 1 }, rows: [] },
      { rows: [], set: { score: 1 } },
    ])
      expect(await failure(update(params))).toMatchObject({ code: 'invalid_params' });
  });

  it('moves no row to another organisation and gives none another key', async () => {
    for (const params of [
      { where: ofWeb, set: { organization_id: other } },
      { rows: [{ id: ids.Ada, organization_id: other }] },
    ])
      expect(await failure(update(params))).toMatchObject({ code: 'foreign_organization' });
    expect(await failure(update({ where: ofWeb, set: { id: ids.Ada } }))).toMatchObject({
      code: 'invalid_params',
      path: 'params.set.id',
    });
  });

  it('names the column that was meant', async () => {
    expect(await failure(update({ rows: [{ id: ids.Ada, scroe: 1 }] }))).toMatchObject({
      code: 'unknown_column',
      hint: 'Did you mean "score"?',
      path: 'params.rows[0].scroe',
    });
  });
});
