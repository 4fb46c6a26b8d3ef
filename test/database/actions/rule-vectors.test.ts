import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getEntity } from '../../../shared/actions/database/entity.ts';
import { type Rule, ruleSchema } from '../../../shared/actions/database/rule.ts';
import { ruleToSql } from '../../../shared/actions/database/rule-to-sql.ts';
import type { Json } from '../../../shared/errors.ts';
import { sql } from '../../support/platform.ts';
import vectors from '../../vectors/rules.json' with { type: 'json' };
import { asUser, member, organization } from './support.ts';

/** A vector's context becomes a row with a JSON column for each of its roots. */
interface Vector {
  name: string;
  rule: Rule;
  context: Record<string, Json>;
  matches: boolean;
}

const table = `vectors_${randomUUID().slice(0, 8)}`;
const now = new Date(vectors.now);
const cases = (vectors.cases as unknown as Vector[]).filter(
  ({ rule }) => ruleSchema.safeParse(rule).success && isAnswered(rule),
);
let own: string;
let user: string;

/** Broken rules are the schema's to refuse; `changed` and times inside JSON are refused later; rows have no lists of theirs to name with `in`. */
function isAnswered(rule: Rule): boolean {
  if ('all' in rule) return rule.all.every(isAnswered);
  if ('any' in rule) return rule.any.every(isAnswered);
  if ('not' in rule) return isAnswered(rule.not);
  if (['changed', 'before', 'after'].includes(rule.op)) return false;
  return !(rule.ref !== undefined && (rule.op === 'in' || rule.op === 'notIn'));
}

beforeAll(async () => {
  own = await organization();
  user = await member({ [own]: 'viewer' });
  await sql.unsafe(`
    create table public.${table} (
      id int primary key, organization_id uuid not null, record jsonb, old_record jsonb, variables jsonb);
    alter table public.${table} enable row level security;
    grant select on public.${table} to authenticated;
    create policy members on public.${table} to authenticated
      using (organization_id in (select workflow.member_organizations('viewer')))`);
  for (const [id, { context }] of cases.entries())
    await sql`insert into ${sql(`public.${table}`)} ${sql({
      id,
      organization_id: own,
      record: sql.json((context.record ?? null) as never),
      old_record: sql.json((context.old_record ?? null) as never),
      variables: sql.json((context.variables ?? null) as never),
    } as never)}`;
});
afterAll(() => sql.unsafe(`drop table public.${table}`));

describe('the vectors of rule trees, in a query', () => {
  it('are most of them', () => {
    expect(cases.length).toBeGreaterThan(0.65 * vectors.cases.length);
  });

  it.each(cases.map((vector, id) => [vector.name, vector, id] as const))(
    '%s',
    async (_, { rule, matches }, id) => {
      const rows = await asUser(user, async (db) => {
        const entity = await getEntity(db, table);
        return db
          .selectFrom(`public.${table}`)
          .select('id')
          .where((eb) => eb.and([eb('id', '=', id), ruleToSql(eb, rule, { entity, now })]))
          .execute();
      });
      expect(rows.length === 1).toBe(matches);
    },
  );
});
