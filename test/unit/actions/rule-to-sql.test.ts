import { beforeEach, describe, expect, it } from 'vitest';
import type { Entity } from '../../../shared/actions/database/entity.ts';
import { createDatabase, type Database } from '../../../shared/actions/database/facade.ts';
import type { Rule } from '../../../shared/actions/database/rule.ts';
import { ruleToSql } from '../../../shared/actions/database/rule-to-sql.ts';

const column = (type: string) => ({ type, nullable: true, hasDefault: false });
const entity: Entity = {
  name: 'leads',
  schema: 'public',
  table: 'leads',
  primaryKey: ['id'],
  tenantColumn: 'organization_id',
  columns: {
    id: column('uuid'),
    name: column('text'),
    score: column('integer'),
    amount: column('numeric'),
    at: column('timestamp with time zone'),
    custom: column('jsonb'),
  },
};

let sent: { text: string; parameters: readonly unknown[] }[];
let db: Database;
beforeEach(() => {
  sent = [];
  const run = async (text: string, parameters: readonly unknown[]) => {
    sent.push({ text, parameters });
    return [];
  };
  db = createDatabase({ run, savepoint: () => Promise.reject() });
});

async function condition(rule: Rule): Promise<{ text: string; parameters: readonly unknown[] }> {
  await db
    .selectFrom('leads')
    .select('id')
    .where((eb) => ruleToSql(eb, rule, { entity, now: new Date('2026-11-15T12:00:00Z') }))
    .execute();
  const { text = '', parameters = [] } = sent.at(-1) ?? {};
  return { text: text.replace('select "id" from "leads" where ', ''), parameters };
}

describe('a rule as SQL', () => {
  it('compares the bare column with a value of its type, so that an index serves', async () => {
    expect(await condition({ field: 'score', op: 'gte', value: 70 })).toEqual({
      text: '"score" >= cast(cast($1 as text) as integer)',
      parameters: ['70'],
    });
    expect(
      (await condition({ field: 'id', op: 'eq', value: '018f0000-0000-7000-8000-00000000000a' })).text,
    ).toBe('"id" = cast(cast($1 as text) as uuid)');
  });

  it('takes a value that the column cannot hold without an error', async () => {
    expect((await condition({ field: 'score', op: 'lt', value: 2.5 })).text).toContain('as numeric)');
    expect((await condition({ field: 'score', op: 'lt', value: 2 ** 40 })).text).toContain('as numeric)');
    expect((await condition({ field: 'id', op: 'eq', value: 'none' })).text).toBe(
      'cast("id" as text) = cast($1 as text)',
    );
  });

  it('is false for a type that never fits', async () => {
    expect(await condition({ field: 'score', op: 'neq', value: 'high' })).toEqual({
      text: 'false',
      parameters: [],
    });
    expect((await condition({ field: 'name', op: 'eq', value: null })).text).toBe('false');
  });

  it('lets no value become SQL', async () => {
    const value = "x' or true --";
    const { text, parameters } = await condition({ field: 'name', op: 'contains', value });
    expect(text).not.toContain('or true');
    expect(parameters).toContain(value);
    const path = await condition({ field: `custom.a') or (true`, op: 'eq', value: 1 });
    expect(path.text).not.toContain('or (true');
  });

  it('joins all, any and not', async () => {
    const leaf = { field: 'score', op: 'eq', value: 1 } as const;
    expect((await condition({ all: [leaf, { any: [leaf, leaf] }] })).text).toMatch(
      /^\(.+ and \(.+ or .+\)\)$/,
    );
    expect((await condition({ all: [] })).text).toBe('1 = 1');
  });

  it('finds nothing where any of no rules should hold', async () => {
    expect((await condition({ any: [] })).text).toBe('1 = 0');
  });

  it('counts null as false under not', async () => {
    expect((await condition({ not: { field: 'score', op: 'eq', value: 1 } })).text).toMatch(
      /^not coalesce\(.+, false\)$/,
    );
  });

  it('counts `now` by the clock it is given', async () => {
    expect((await condition({ field: 'at', op: 'before', value: { now: '-1h30m' } })).parameters).toEqual([
      '2026-11-15T10:30:00.000Z',
    ]);
  });
});
