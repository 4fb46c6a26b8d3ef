import type { Expression, SqlBool } from 'kysely';
import {
  asJson,
  asText,
  type Builder,
  castSql,
  jsonText,
  jsonType,
  type Operand,
  type Sql,
} from './operand.ts';

export type Comparison = 'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte';
type Condition = Expression<SqlBool>;

const SQL_OPERATOR = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** Compares two operands; those of families that do not compare are false. */
export function compare(eb: Builder, left: Operand, op: Comparison, right: Operand): Condition {
  if ([left, right].some(({ family }) => family === 'json' || family === 'array'))
    return compareJson(eb, asJson(eb, left), op, asJson(eb, right));
  const same = left.family === right.family;
  if (same && ['number', 'time', 'uuid'].includes(left.family)) return binary(eb, left.sql, op, right.sql);
  const equality = op === 'eq' || op === 'neq';
  if (same && left.family === 'boolean')
    return equality ? binary(eb, left.sql, op, right.sql) : eb.lit(false);
  const [a, b] = [asText(eb, left), asText(eb, right)];
  if (!a || !b) return eb.lit(false);
  // Bytes, so that the order is the same under every collation and the same as in the engine.
  return equality ? binary(eb, a, op, b) : binary(eb, bytes(eb, a), op, bytes(eb, b));
}

/** `case` because Postgres may otherwise cast a value before it has looked at its type. */
function compareJson(eb: Builder, a: Sql, op: Comparison, b: Sql): Condition {
  const both = (type: string): Condition =>
    eb.and([eb(jsonType(eb, a), '=', type), eb(jsonType(eb, b), '=', type)]);
  const known = eb(jsonType(eb, a), '<>', 'null');
  if (op === 'eq') return eb.and([known, binary(eb, a, op, b)]);
  if (op === 'neq')
    return eb.and([known, binary(eb, jsonType(eb, a), 'eq', jsonType(eb, b)), binary(eb, a, op, b)]);
  const [textA, textB] = [jsonText(eb, a), jsonText(eb, b)];
  return eb
    .case()
    .when(both('number'))
    .then(binary(eb, castSql(eb, textA, 'numeric'), op, castSql(eb, textB, 'numeric')))
    .when(both('string'))
    .then(binary(eb, bytes(eb, textA), op, bytes(eb, textB)))
    .else(eb.lit(false))
    .end();
}

function binary(eb: Builder, left: Sql, op: Comparison, right: Sql): Condition {
  return eb(left, SQL_OPERATOR[op], right) as Condition;
}

function bytes(eb: Builder, text: Sql): Sql {
  return eb.fn('convert_to', [text, eb.cast<string>(eb.val('UTF8'), 'text')]);
}
