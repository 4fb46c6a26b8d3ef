import { beforeEach, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

let runner: Runner;
let other: string;
let lead: { id: string };
let foreign: { id: string };

beforeEach(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'editor', [other]: 'owner' }), organization: own };
  lead = (await insert('leads', { organization_id: own, name: 'Ada', company: 'Acme' })) as never;
  foreign = (await insert('leads', { organization_id: other, name: 'Foreign', company: 'Acme' })) as never;
});

const update = (params: object, as = runner) =>
  run(as, 'updateEntity', { entity: 'leads', ...params } as never);
const nameOf = async ({ id }: { id: string }) =>
  (await sql`select name from leads where id = ${id}`)[0]?.name;

describe('updateEntity', () => {
  it('changes one row by id and returns it', async () => {
    const result = await update({
      id: lead.id,
      set: { score: 80, score_details: { grade: 'A' }, company: null },
    });
    expect(result.count).toBe(1);
    expect(result.rows).toMatchObject([
      { id: lead.id, name: 'Ada', score: 80, score_details: { grade: 'A' }, company: null },
    ]);
  });

  it('changes the rows of a rule, in its own organisation only', async () => {
    const result = await update({
      where: { field: 'company', op: 'eq', value: 'Acme' },
      set: { name: 'Changed' },
    });
    expect(result.count).toBe(1);
    expect(await nameOf(lead)).toBe('Changed');
    expect(await nameOf(foreign)).toBe('Foreign');
  });

  it('changes nothing when the rule matches nothing', async () => {
    const where = { field: 'company', op: 'eq', value: 'Nobody' };
    expect(await update({ where, set: { name: 'x' } })).toEqual({ count: 0, rows: [] });
  });

  it('fails for an id that is not there, is no id, or is in another organisation', async () => {
    for (const id of ['018f0000-0000-7000-8000-000000000000', 'not-an-id', foreign.id])
      expect(await failure(update({ id, set: { name: 'x' } }))).toMatchObject({ code: 'row_not_found' });
    expect(await nameOf(foreign)).toBe('Foreign');
  });

  it('fails for a user who may only look', async () => {
    const user = await member({ [runner.organization]: 'viewer' });
    const error = await failure(update({ id: lead.id, set: { name: 'x' } }, { ...runner, user }));
    expect(error.code).toBe('row_not_found');
    expect(await nameOf(lead)).toBe('Ada');
  });

  it('never moves a row to another organisation', async () => {
    expect(await failure(update({ id: lead.id, set: { organization_id: other } }))).toMatchObject({
      code: 'foreign_organization',
    });
  });

  it('asks for either id or where, and for something to set', async () => {
    const where = { field: 'name', op: 'eq', value: 'Ada' };
    for (const params of [
      { set: { name: 'x' } },
      { id: lead.id, where, set: { name: 'x' } },
      { id: lead.id, set: {} },
    ])
      expect(await failure(update(params))).toMatchObject({ code: 'invalid_params' });
  });

  it('refuses more than 1,000 rows and leaves them all alone', async () => {
    await sql`insert into leads (organization_id, name, source)
      select ${runner.organization}, 'Bulk ' || n, 'bulk' from generate_series(1, 1001) n`;
    const where = { field: 'source', op: 'eq', value: 'bulk' };
    expect(await failure(update({ where, set: { source: 'x' } }))).toMatchObject({ code: 'too_many_rows' });
    const [row] =
      await sql`select count(*)::int from leads where organization_id = ${runner.organization} and source = 'bulk'`;
    expect(row?.count).toBe(1001);
  });

  it('names the column that was meant', async () => {
    expect(await failure(update({ id: lead.id, set: { statsu: 'new' } }))).toMatchObject({
      code: 'unknown_column',
      hint: 'Did you mean "status"?',
      path: 'params.set.statsu',
    });
  });
});
