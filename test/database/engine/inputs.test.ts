import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chain, execution, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

// `inputs` of a definition: what a start may be given, evaluated by the database.

const { sql } = await useEngineDatabase();

const taking = (inputs: object | undefined, rest: object = {}) =>
  publish(sql, { ...(inputs ? { inputs } : {}), steps: chain('one'), ...rest });

const count = async () => (await sql`select count(*)::int as n from public.workflow_executions`)[0]?.n;

const clear = () => sql`truncate public.workflow_executions cascade`;

describe('a start whose input', () => {
  beforeEach(clear);

  const inputs = {
    type: 'object',
    properties: { email: { type: 'string' }, amount: { type: 'integer', minimum: 1 } },
    required: ['email'],
    additionalProperties: false,
  };

  it('fits is made', async () => {
    const id = await start(sql, await taking(inputs), { email: 'ada@example.com', amount: 3 });
    expect((await execution(sql, id)).input).toEqual({ email: 'ada@example.com', amount: 3 });
  });

  it('does not fit is refused with everything that is wrong, and leaves nothing', async () => {
    await expect(start(sql, await taking(inputs), { amount: 0.5, more: 1 })).rejects.toMatchObject({
      detail: 'invalid_input',
      message:
        'The input does not fit the workflow: input.email is missing; input.more may not be there; ' +
        'input.amount is of type number, not integer.',
      hint: expect.stringContaining('inputs'),
    });
    expect(await count()).toBe(0);
  });

  it('is anything is made where the workflow says nothing of it', async () => {
    await start(sql, await taking(undefined), { anything: [1] });
    expect(await count()).toBe(1);
  });

  it('is checked against the version that runs', async () => {
    const workflow = await taking(inputs);
    await sql`insert into public.workflow_versions (workflow_id, version, definition, plan)
      select workflow_id, 2, definition - 'inputs', plan from public.workflow_versions
      where workflow_id = ${workflow.id}`;
    await start(sql, workflow, { amount: 0 });
    await sql`update public.workflows set active_version = 1 where id = ${workflow.id}`;
    await expect(start(sql, workflow, { amount: 0 })).rejects.toMatchObject({ detail: 'invalid_input' });
  });
});

describe('a start by a row', () => {
  beforeAll(async () => {
    await clear();
    await sql`create table public.orders (id int primary key, organization_id uuid not null)`;
    await sql`select workflow.watch_table('public.orders')`;
  });

  it('has no input to be checked', async () => {
    const trigger = { type: 'event', table: 'orders', events: ['insert'] };
    const { organizationId } = await taking(
      { type: 'object', required: ['a'], properties: { a: {} } },
      { trigger },
    );
    await sql`insert into public.orders values (1, ${organizationId})`;
    expect(await count()).toBe(1);
  });
});

describe('a value fits a schema', () => {
  const faults = async (schema: unknown, value: unknown): Promise<string[]> => {
    const rows = await sql<{ fault: string }[]>`
      select workflow.input_errors(${JSON.stringify(schema)}::text::jsonb, ${JSON.stringify(value)}::text::jsonb, 'x')
        as fault`;
    return rows.map(({ fault }) => fault);
  };

  it.each([
    [{ type: 'integer' }, [0, -3, 2.0, 1e20], [0.5, '1', null]],
    [{ type: ['string', 'null'] }, ['', null], [1, {}]],
    [{ type: 'number' }, [1, 0.5], ['1', true]],
    [{ type: 'boolean' }, [true, false], [0, 'true']],
    [{ enum: [1, 'a', { b: 1, c: 2 }] }, [1, 'a', { c: 2, b: 1 }], ['1', 'b', { b: 1 }]],
    [{ const: [1, 2] }, [[1, 2]], [[1], [2, 1], 1]],
    [{ minimum: 1, exclusiveMaximum: 3 }, [1, 2.9, 'text'], [0.9, 3]],
    [{ exclusiveMinimum: 1, maximum: 3 }, [1.1, 3], [1, 3.1]],
    [{ multipleOf: 0.1 }, [0.3, 5], [0.35]],
    [{ minLength: 2, maxLength: 3 }, ['ab', 'äöü', '👍👍', 7], ['a', 'abcd']],
    [{ minItems: 1, maxItems: 2, uniqueItems: true }, [[1], [1, '1']], [[], [1, 2, 3], [1, 1]]],
    [{ items: { type: 'string' } }, [[], ['a'], 'a'], [['a', 1]]],
    [
      { properties: { a: { type: 'string' } }, required: ['a'] },
      [{ a: '' }, { a: '', b: 1 }],
      [{}, { a: 1 }],
    ],
    [{ additionalProperties: false, properties: { a: true } }, [{}, { a: 1 }], [{ b: 1 }]],
    [{ additionalProperties: { type: 'integer' } }, [{ a: 1 }], [{ a: 'x' }]],
    [{ minProperties: 1, maxProperties: 1 }, [{ a: 1 }], [{}, { a: 1, b: 1 }]],
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 2], [0, 3]],
    [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, ['a', 5], [4]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 5 }] }, [0, 6], [3]],
    [{ not: { type: 'null' } }, [1], [null]],
    [true, [null, 1], []],
    [false, [], [null, 1]],
  ])('%j', async (schema, right, wrong) => {
    for (const value of right) expect([value, await faults(schema, value)]).toEqual([value, []]);
    for (const value of wrong) expect([value, (await faults(schema, value)).length]).toEqual([value, 1]);
  });

  it('and what does not is named by its path', async () => {
    const schema = { properties: { 'a b': { items: { properties: { c: { type: 'string' } } } } } };
    expect(await faults(schema, { 'a b': [{ c: 'x' }, { c: 1 }] })).toEqual([
      'x["a b"][1].c is of type integer, not string',
    ]);
  });
});
