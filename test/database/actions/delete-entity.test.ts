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
  runner = { user: await member({ [own]: 'admin', [other]: 'owner' }), organization: own };
  lead = (await insert('leads', { organization_id: own, name: 'Ada', company: 'Acme' })) as never;
  foreign = (await insert('leads', { organization_id: other, name: 'Foreign', company: 'Acme' })) as never;
});

const remove = (params: object, as = runner) =>
  run(as, 'deleteEntity', { entity: 'leads', ...params } as never);
const names = async () =>
  (
    await sql`select name from leads where organization_id in (${runner.organization}, ${other}) order by name`
  ).map(({ name }) => name);

describe('deleteEntity', () => {
  it('deletes one row by id and returns it as it was', async () => {
    const result = await remove({ id: lead.id });
    expect(result).toMatchObject({ count: 1, rows: [{ id: lead.id, name: 'Ada', company: 'Acme' }] });
    expect(await names()).toEqual(['Foreign']);
  });

  it('deletes the rows of a rule, in its own organisation only', async () => {
    await insert('leads', { organization_id: runner.organization, name: 'Ben' });
    const result = await remove({ where: { field: 'company', op: 'eq', value: 'Acme' } });
    expect(result.count).toBe(1);
    expect(await names()).toEqual(['Ben', 'Foreign']);
  });

  it('deletes nothing when the rule matches nothing', async () => {
    const where = { field: 'company', op: 'eq', value: 'Nobody' };
    expect(await remove({ where })).toEqual({ count: 0, rows: [] });
  });

  it('fails for an id that is not there, is no id, or is in another organisation', async () => {
    for (const id of ['018f0000-0000-7000-8000-000000000000', 'not-an-id', foreign.id])
      expect(await failure(remove({ id }))).toMatchObject({ code: 'row_not_found', path: 'params.id' });
    expect(await names()).toEqual(['Ada', 'Foreign']);
  });

  it('fails for a user who may not delete', async () => {
    const user = await member({ [runner.organization]: 'editor' });
    const error = await failure(remove({ id: lead.id }, { ...runner, user }));
    expect(error.code).toBe('row_not_found');
    expect(await names()).toContain('Ada');
  });

  it('asks for either id or where: it never empties a table by omission', async () => {
    const where = { field: 'name', op: 'eq', value: 'Ada' };
    for (const params of [{}, { id: lead.id, where }])
      expect(await failure(remove(params))).toMatchObject({ code: 'invalid_params' });
  });

  it('refuses more than 1,000 rows and leaves them all there', async () => {
    await sql`insert into leads (organization_id, name, source)
      select ${runner.organization}, 'Bulk ' || n, 'bulk' from generate_series(1, 1001) n`;
    const where = { field: 'source', op: 'eq', value: 'bulk' };
    expect(await failure(remove({ where }))).toMatchObject({ code: 'too_many_rows' });
    expect(await names()).toHaveLength(1003);
  });

  it('refuses tables of the engine and columns that do not exist', async () => {
    const where = { field: 'nmae', op: 'eq', value: 'Ada' };
    expect(await failure(remove({ where }))).toMatchObject({
      code: 'unknown_column',
      hint: 'Did you mean "name"?',
    });
    expect(await failure(remove({ entity: 'workflows', id: lead.id }))).toMatchObject({
      code: 'unknown_entity',
    });
  });
});
