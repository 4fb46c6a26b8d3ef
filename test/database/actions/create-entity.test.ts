import { beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

let runner: Runner;
let other: string;

beforeAll(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'editor', [other]: 'owner' }), organization: own };
});

const create = (values: object, entity = 'leads', as = runner) =>
  run(as, 'createEntity', { entity, values } as never);

describe('createEntity', () => {
  it('inserts a row for the organisation and returns it as it was written', async () => {
    const { row } = await create({
      name: 'Ada',
      score: 71,
      tags: ['vip', 'a "quoted" one'],
      custom: { plan: { seats: 3 } },
      last_activity_at: '2026-11-01T09:30:00.123456Z',
    });
    expect(row).toMatchObject({
      organization_id: runner.organization,
      name: 'Ada',
      score: 71,
      status: 'new',
      tags: ['vip', 'a "quoted" one'],
      custom: { plan: { seats: 3 } },
      last_activity_at: '2026-11-01T09:30:00.123456+00:00',
    });
    const [stored] = await sql`select name, custom from leads where id = ${(row as { id: string }).id}`;
    expect(stored).toEqual({ name: 'Ada', custom: { plan: { seats: 3 } } });
  });

  it('keeps text that looks like JSON or SQL as it is', async () => {
    const notes = `{"a": 1}'; drop table leads; --`;
    const { row } = await create({ name: 'Bobby', notes, custom: 'just text' });
    expect(row).toMatchObject({ notes, custom: 'just text' });
  });

  it('refuses to write for another organisation, also one the user owns', async () => {
    expect(await failure(create({ name: 'Eve', organization_id: other }))).toMatchObject({
      code: 'foreign_organization',
      path: 'params.values.organization_id',
    });
    expect(await sql`select from leads where organization_id = ${other}`).toHaveLength(0);
  });

  it('refuses a row that points into another organisation', async () => {
    const foreign = await insert('leads', { organization_id: other, name: 'Foreign' });
    expect(await failure(create({ name: 'Deal', lead_id: foreign.id }, 'deals'))).toMatchObject({
      code: 'foreign_key_violation',
    });
  });

  it('refuses what the user may not do', async () => {
    const user = await member({ [runner.organization]: 'viewer' });
    expect(await failure(create({ name: 'Eve' }, 'leads', { ...runner, user }))).toMatchObject({
      code: 'not_allowed',
      retryable: false,
    });
  });

  it('names the column that was meant', async () => {
    expect(await failure(create({ compny: 'Acme' }))).toMatchObject({
      code: 'unknown_column',
      hint: 'Did you mean "company"?',
      path: 'params.values.compny',
    });
  });

  it.each([
    [{ name: 'x', score: 101 }, 'check_violation'],
    [{ name: 'x', score: 'many' }, 'invalid_value'],
    [{ name: 'x', score: { a: 1 } }, 'invalid_value'],
    [{ name: 'x', tags: 'vip' }, 'invalid_value'],
    [{ name: 'x', last_activity_at: 'yesterday-ish' }, 'invalid_value'],
    [{ name: 'x', status: null }, 'not_null_violation'],
    [{}, 'invalid_params'],
  ])('maps the refusal of %j to %s', async (values, code) => {
    expect(await failure(create(values))).toMatchObject({ code });
  });

  it('reports a key that exists', async () => {
    const { row } = await create({ name: 'First' });
    const { id } = row as { id: string };
    expect(await failure(create({ id, name: 'Second' }))).toMatchObject({ code: 'unique_violation' });
  });
});
