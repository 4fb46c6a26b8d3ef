import type { OperationNodeSource } from 'kysely';
import { type Json, StepError } from '../../errors.ts';
import type { Entity } from './entity.ts';
import type { Database, Tables } from './facade.ts';
import { parseExactJson } from './json.ts';
import { type Builder, typedValue } from './operand.ts';
import type { Rule } from './rule.ts';
import { type Condition, type RuleContext, ruleToSql } from './rule-to-sql.ts';

export type Row = Record<string, Json>;

type RowQuery = (
  db: Pick<Database, 'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom'>,
) => OperationNodeSource;

/**
 * Runs a query and reads its rows as Postgres writes them in JSON: dates as text, nothing lost that
 * a double could not hold. Event triggers see rows in the same form.
 */
export async function fetchRows(db: Database, entity: Entity, query: RowQuery): Promise<Row[]> {
  const rows = await db
    .with('entity_row', query as never)
    .selectFrom('entity_row' as keyof Tables & string)
    .select((eb) => eb.cast<string>(eb.fn('to_jsonb', [eb.ref('entity_row')]), 'text').as('json'))
    .execute();
  const floats = Object.keys(entity.columns).filter((name) =>
    /^(real|double precision)$/.test(entity.columns[name]?.type ?? ''),
  );
  return rows.map((row) => withFloats(parseExactJson(String(row.json)) as Row, floats));
}

/** A column of floats holds doubles, so every digit of theirs is safe. */
function withFloats(row: Row, floats: readonly string[]): Row {
  for (const name of floats) {
    const value = row[name];
    if (typeof value === 'string' && Number.isFinite(Number(value))) row[name] = Number(value);
  }
  return row;
}

/** Rows of this organisation alone, whatever else the user may see, that satisfy the rule. */
export function ownRows(
  eb: Builder,
  organizationId: string,
  context: RuleContext,
  where: Rule | undefined,
  path = 'params.where',
): Condition {
  const { tenantColumn, columns } = context.entity;
  const own = eb(tenantColumn, '=', typedValue(eb, organizationId, columns[tenantColumn]?.type ?? 'uuid'));
  return where ? eb.and([own, ruleToSql(eb, where, context, path)]) : (own as Condition);
}

/**
 * The rule that a row has this primary key: a value, or an object of the key's columns.
 * @throws StepError `invalid_params` when the id does not name every column of the key
 */
export function keyRule(entity: Entity, id: Json): Rule {
  const [first = 'id', ...others] = entity.primaryKey;
  const composite = typeof id === 'object' && id !== null && !Array.isArray(id);
  if (!composite && others.length === 0) return { field: first, op: 'eq', value: id };
  if (composite && entity.primaryKey.every((field) => Object.hasOwn(id, field)))
    return { all: entity.primaryKey.map((field) => ({ field, op: 'eq', value: id[field] ?? null })) };
  throw new StepError({
    code: 'invalid_params',
    message: `The key of ${entity.table} is ${entity.primaryKey.join(', ')}.`,
    hint: `Give the id as { ${entity.primaryKey.map((field) => `"${field}": …`).join(', ')} }.`,
    path: 'params.id',
  });
}
