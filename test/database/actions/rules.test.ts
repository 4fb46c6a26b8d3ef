import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Entity, getEntity } from '../../../shared/actions/database/entity.ts';
import type { Database } from '../../../shared/actions/database/facade.ts';
import { fetchRows, type Row } from '../../../shared/actions/database/rows.ts';
import type { Rule } from '../../../shared/actions/database/rule.ts';
import { ruleToSql } from '../../../shared/actions/database/rule-to-sql.ts';
import type { Json } from '../../../shared/errors.ts';
import { evaluateRule, type RuleTree } from '../../../shared/expression/index.ts';
import { sql } from '../../support/platform.ts';
import { asUser, failure, member, organization, run } from './support.ts';

/** One table with a column of each family; the same rows are asked in SQL and in TypeScript. */
const table = `rule_probe_${randomUUID().slice(0, 8)}`;
const now = new Date('2026-11-15T12:00:00Z');
let own: string;
let user: string;

beforeAll(async () => {
  own = await organization();
  user = await member({ [own]: 'editor' });
  await sql.unsafe(`
    create type public.${table}_mood as enum ('calm', 'busy');
    create table public.${table} (
      id int primary key, organization_id uuid not null, words text, small int, big bigint, price numeric,
      ratio double precision, flag boolean, code uuid, labels text[], counts int[], mood public.${table}_mood,
      doc jsonb, at timestamptz, day date);
    alter table public.${table} enable row level security;
    grant select on public.${table} to authenticated;
    create policy members on public.${table} to authenticated
      using (organization_id in (select workflow.member_organizations('viewer')));
    insert into public.${table} values
      (1, '${own}', 'alpha', 5, 9007199254740993, 12.50, 0.1, true, '018f0000-0000-7000-8000-00000000000a',
        '{a,"b c"}', '{1,2}', 'calm', '{"n": 5, "s": "alpha", "b": true, "l": ["a", 5, null], "o": {"x": 1}, "z": null, "e": []}',
        '2026-11-12T12:00:00Z', '2026-11-12'),
      (2, '${own}', '', -3, 0, 12345678901234567.89, 1e300, false, '018f0000-0000-7000-8000-00000000000b',
        '{}', '{}', 'busy', '{"n": "5", "s": "", "b": "true", "l": [], "o": {}}', '2026-11-16T00:00:00Z', '2026-11-16'),
      (3, '${own}', null, null, null, null, null, null, null, null, null, null, null, null, null),
      (4, '${own}', 'Ünï_100%', 5, 5, 5, 5, true, null, array['a', null], null, null, '[1, "a"]', null, null)`);
});
afterAll(() => sql.unsafe(`drop table public.${table}; drop type public.${table}_mood`));

const FIELDS = [
  ...['words', 'small', 'big', 'price', 'ratio', 'flag', 'code', 'labels', 'counts', 'mood', 'doc'],
  ...['n', 's', 'b', 'l', 'o', 'z', 'e', 'missing'].map((key) => `doc.${key}`),
];
const VALUES: Json[] = [
  ...['alpha', 'al', 'ha', '', 'a', 'b c', 'calm', '5', 'zzz', '018f0000-0000-7000-8000-00000000000a'],
  ...[5, -3, 0, 12.5, 0.1, 5.5, 1, 2 ** 53, 1e300],
  ...['9007199254740993', '12345678901234567.89', true, false, null],
  ...[['a', 'b c'], [], [1, 2], { x: 1 }, {}],
];
const OPS = [
  'eq',
  'neq',
  'gt',
  'gte',
  'lt',
  'lte',
  'contains',
  'notContains',
  'startsWith',
  'endsWith',
] as const;
const LISTS: Json[] = [[], ['alpha', ''], [5, 12.5], ['alpha', 5], [true], [null, 5]];

function allRules(): Rule[] {
  const rules = FIELDS.flatMap((field): Rule[] => [
    ...OPS.flatMap((op) => VALUES.map((value) => ({ field, op, value }))),
    ...(['in', 'notIn'] as const).flatMap((op) => LISTS.map((value) => ({ field, op, value }))),
    ...(['isNull', 'isEmpty'] as const).flatMap((op) => [
      { field, op },
      { field, op, value: false },
    ]),
  ]);
  return [...rules, ...rules.map((not) => ({ not }))];
}

/**
 * The one difference: a number too long for a double is text in JSON. The database still knows that its
 * column holds a number and no text; a condition takes it for either.
 */
function travelsAsText(rule: Rule, record: Row): boolean {
  const leaf = 'not' in rule ? rule.not : rule;
  if (!('field' in leaf) || (leaf.field !== 'big' && leaf.field !== 'price')) return false;
  return typeof record[leaf.field] === 'string' && typeof leaf.value !== 'number';
}

/** Which rows satisfy each rule, by the database. */
async function answers(db: Database, entity: Entity, rules: Rule[]): Promise<Map<number, boolean[]>> {
  const rows = await db
    .selectFrom(`public.${table}`)
    .select((eb) => [
      'id',
      ...rules.map((rule, i) =>
        eb.fn.coalesce(ruleToSql(eb, rule, { entity, now }), eb.lit(false)).as(`r${i}`),
      ),
    ])
    .execute();
  return new Map(rows.map((row) => [Number(row.id), rules.map((_, i) => row[`r${i}`] === true)]));
}

const matching = (rule: Rule) =>
  asUser(user, async (db) => {
    const entity = await getEntity(db, table);
    const rows = await db
      .selectFrom(`public.${table}`)
      .select('id')
      .where((eb) => ruleToSql(eb, rule, { entity, now }))
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  });

describe('a rule in SQL', () => {
  it('has the meaning it has in conditions: every op, every column type, every value', async () => {
    const rules = allRules();
    const differences = await asUser(user, async (db) => {
      const entity = await getEntity(db, table);
      const records = await fetchRows(db, entity, (from) => from.selectFrom(`public.${table}`).selectAll());
      const found: unknown[] = [];
      for (let start = 0; start < rules.length; start += 200) {
        const part = rules.slice(start, start + 200);
        const byRow = await answers(db, entity, part);
        for (const record of records)
          part.forEach((rule, i) => {
            if (travelsAsText(rule, record)) return;
            const wanted = evaluateRule(rule as RuleTree, record as never, now);
            if (byRow.get(Number(record.id))?.[i] !== wanted) found.push({ id: record.id, rule, wanted });
          });
      }
      return found;
    });
    expect(rules.length).toBeGreaterThan(8_000);
    expect(differences).toEqual([]);
  });

  it.each<[Rule, number[]]>([
    [{ field: 'at', op: 'before', value: { now: '-2d' } }, [1]],
    [{ field: 'at', op: 'after', value: { now: '-3d' } }, [2]],
    [{ field: 'at', op: 'after', value: '2026-11-12T12:30:00+02:00' }, [1, 2]],
    [{ field: 'day', op: 'before', value: '2026-11-16' }, [1]],
    [{ field: 'day', op: 'after', value: { now: '0s' } }, [2]],
    [{ field: 'at', op: 'eq', value: '2026-11-12T13:00:00+01:00' }, [1]],
    [{ field: 'at', op: 'gte', value: '2026-11-16' }, [2]],
    [{ field: 'at', op: 'before', value: '2026-02-31' }, []],
    [{ field: 'day', op: 'startsWith', value: '2026-11-12' }, [1]],
    [{ field: 'words', op: 'after', value: '2026-01-01' }, []],
    [{ not: { field: 'at', op: 'before', value: { now: '-2d' } } }, [2, 3, 4]],
  ])('compares times: %j', async (rule, expected) => {
    expect(await matching(rule)).toEqual(expected);
  });

  it.each<[Rule, number[]]>([
    [{ field: 'words', op: 'like', value: 'al%' }, [1]],
    [{ field: 'words', op: 'ilike', value: 'AL%' }, [1]],
    [{ field: 'words', op: 'like', value: 5 }, []],
    [{ field: 'mood', op: 'like', value: 'c%' }, [1]],
    [{ field: 'doc.s', op: 'like', value: 'al%' }, [1]],
    [{ field: 'words', op: 'fts', value: 'alpha -beta' }, [1]],
    [{ field: 'words', op: 'fts', value: '"' }, []],
    [{ field: 'words', op: 'contains', value: '0%' }, [4]],
  ])('searches: %j', async (rule, expected) => {
    expect(await matching(rule)).toEqual(expected);
  });

  it.each<[Rule, number[]]>([
    [{ field: 'small', op: 'eq', ref: 'doc.n' }, [1]],
    [{ field: 'doc.n', op: 'gte', ref: 'record.small' }, [1]],
    [{ field: 'big', op: 'gt', ref: 'small' }, [1, 2]],
    [{ field: 'words', op: 'eq', ref: 'doc.s' }, [1, 2]],
    [{ field: 'at', op: 'gte', ref: 'day' }, [1, 2]],
    [{ field: 'words', op: 'eq', ref: 'small' }, []],
  ])('compares two columns: %j', async (rule, expected) => {
    expect(await matching(rule)).toEqual(expected);
  });

  it('refuses what a query cannot answer, and says what to do', async () => {
    const of = (rule: object) =>
      failure(run({ user, organization: own }, 'query', { entity: table, where: rule } as never));
    expect(await of({ field: 'words', op: 'changed' })).toMatchObject({ code: 'rule_not_supported' });
    expect(await of({ field: 'small', op: 'gt', ref: 'variables.least' })).toMatchObject({
      code: 'rule_not_supported',
      message: expect.stringContaining('{ "$": "variables.least" }'),
    });
    expect(await of({ field: 'words.inside', op: 'eq', value: 1 })).toMatchObject({ code: 'unknown_column' });
    expect(await of({ field: 'words', op: 'eq' })).toMatchObject({ code: 'invalid_params' });
  });

  it('keeps what a double cannot hold', async () => {
    const result = await run({ user, organization: own }, 'query', {
      entity: table,
      order: [{ field: 'id' }],
      limit: 2,
    });
    expect(result.rows).toMatchObject([
      {
        big: '9007199254740993',
        price: 12.5,
        ratio: 0.1,
        at: '2026-11-12T12:00:00+00:00',
        day: '2026-11-12',
        counts: [1, 2],
      },
      { big: 0, price: '12345678901234567.89', ratio: 1e300, labels: [] },
    ]);
  });
});
