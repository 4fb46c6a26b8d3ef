import { beforeAll, describe, expect, it } from 'vitest';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

let runner: Runner;

beforeAll(async () => {
  const [own, other] = [await organization(), await organization()];
  const user = await member({ [own]: 'editor', [other]: 'owner' });
  runner = { user, organization: own };
  for (const [name, score, company] of [
    ['Ada', 90, 'Acme'],
    ['Ben', 50, 'Acme'],
    ['Cleo', 50, 'Zenit'],
    ['Dora', null, 'Acme'],
    ['Emil', null, null],
  ])
    await insert('leads', { organization_id: own, name, score, company });
  await insert('leads', { organization_id: other, name: 'Foreign', score: 99, company: 'Acme' });
});

const query = (params: object) => run(runner, 'query', { entity: 'leads', ...params } as never);
const names = (result: Awaited<ReturnType<typeof query>>) =>
  (result.rows as { name: string }[]).map(({ name }) => name);

describe('query', () => {
  it('reads the rows of the organisation alone, also for a member of another', async () => {
    expect(names(await query({ order: [{ field: 'name' }] }))).toEqual([
      'Ada',
      'Ben',
      'Cleo',
      'Dora',
      'Emil',
    ]);
  });

  it('filters by a rule tree', async () => {
    const where = {
      all: [
        { field: 'company', op: 'eq', value: 'Acme' },
        { field: 'score', op: 'gte', value: 50 },
      ],
    };
    expect(names(await query({ where, order: [{ field: 'name' }] }))).toEqual(['Ada', 'Ben']);
  });

  it('gives an empty page when nothing matches', async () => {
    const result = await query({ where: { field: 'name', op: 'eq', value: 'Nobody' }, count: true });
    expect(result).toEqual({ rows: [], hasMore: false, next: null, count: 0 });
  });

  it('returns only the selected columns', async () => {
    const result = await query({
      select: ['name', 'score'],
      where: { field: 'name', op: 'eq', value: 'Ada' },
    });
    expect(result.rows).toEqual([{ name: 'Ada', score: 90 }]);
  });

  it('counts all rows of the rule, beyond the page', async () => {
    const result = await query({
      where: { field: 'company', op: 'eq', value: 'Acme' },
      limit: 1,
      count: true,
    });
    expect(result).toMatchObject({ count: 3, hasMore: true });
    expect(await query({})).toMatchObject({ count: null });
  });

  it.each([
    ['asc', ['Ben', 'Cleo', 'Ada', 'Dora', 'Emil']],
    ['desc', ['Dora', 'Emil', 'Ada', 'Cleo', 'Ben']],
  ])('pages through every row once, equals and nulls included (%s)', async (direction, expected) => {
    const order = [
      { field: 'score', direction },
      { field: 'name', direction: direction === 'asc' ? 'asc' : 'desc' },
    ];
    const seen: string[] = [];
    let after: unknown = null;
    do {
      const page = await query({ order, limit: 2, after, select: ['name'] });
      seen.push(...names(page));
      after = page.next;
    } while (after !== null);
    const nulls = direction === 'desc' ? ['Emil', 'Dora'] : ['Dora', 'Emil'];
    expect(seen).toEqual(direction === 'desc' ? [...nulls, 'Ada', 'Cleo', 'Ben'] : expected);
  });

  it('returns 100 rows unless told otherwise, and refuses more than 1,000', async () => {
    const own = await organization();
    const user = await member({ [own]: 'viewer' });
    const many = { user, organization: own };
    for (let i = 0; i < 101; i++) await insert('leads', { organization_id: own, name: `L${i}` });
    const result = await run(many, 'query', { entity: 'leads' });
    expect(result.rows).toHaveLength(100);
    expect(result.hasMore).toBe(true);
    expect(await failure(query({ limit: 1_001 }))).toMatchObject({ code: 'invalid_params' });
  });

  it('names the column that was meant', async () => {
    expect(await failure(query({ select: ['compny'] }))).toMatchObject({
      code: 'unknown_column',
      hint: 'Did you mean "company"?',
      path: 'params.select[0]',
    });
    const where = { all: [{ field: 'scroe', op: 'gt', value: 1 }] };
    expect(await failure(query({ where }))).toMatchObject({
      code: 'unknown_column',
      path: 'params.where.all[0].field',
    });
    expect(await failure(query({ order: [{ field: 'nope_at_all' }] }))).toMatchObject({
      code: 'unknown_column',
    });
  });

  it('names the table that was meant, and refuses tables of the engine and of tenancy', async () => {
    const on = (entity: string) => failure(run(runner, 'query', { entity }));
    expect(await on('leeds')).toMatchObject({ code: 'unknown_entity', hint: 'Did you mean "leads"?' });
    for (const entity of [
      'workflows',
      'workflow_executions',
      'organizations',
      'organization_members',
      'scheduled_workflows',
    ])
      expect(await on(entity)).toMatchObject({ code: 'unknown_entity' });
    expect(await on('auth.users')).toMatchObject({ code: 'invalid_params' });
  });

  it('refuses a cursor of another order', async () => {
    const after = { name: 'Ada' };
    expect(await failure(query({ order: [{ field: 'score' }], after }))).toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('says what is wrong with a rule', async () => {
    const where = { all: [{ field: 'name', op: 'equals', value: 'x' }] };
    const error = await failure(query({ where }));
    expect(error.code).toBe('invalid_params');
    expect(error.message).toContain('all[0].op is "equals"');
  });

  it('shows a non-member nothing', async () => {
    const stranger = await member({});
    const result = await run({ user: stranger, organization: runner.organization }, 'query', {
      entity: 'leads',
    });
    expect(result.rows).toEqual([]);
  });
});
