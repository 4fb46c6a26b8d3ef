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

/** Values of different JSON types compare only where both are numbers or stand for one. */
function compareJson(eb: Builder, a: Sql, op: Comparison, b: Sql): Condition {
  const known = eb(jsonType(eb, a), '<>', 'null');
  const sameType = binary(eb, jsonType(eb, a), 'eq', jsonType(eb, b));
  const [numberA, numberB] = [jsonNumber(eb, a), jsonNumber(eb, b)];
  const asNumbers = binary(eb, numberA, op, numberB);
  if (op === 'eq' || op === 'neq')
    return eb
      .case()
      .when(sameType)
      .then(eb.and([known, binary(eb, a, op, b)]))
      .else(asNumbers)
      .end();
  const numbers = eb.and([eb(numberA, 'is not', null), eb(numberB, 'is not', null)]);
  const strings = eb.and([eb(jsonType(eb, a), '=', 'string'), eb(jsonType(eb, b), '=', 'string')]);
  const asStrings = binary(eb, bytes(eb, jsonText(eb, a)), op, bytes(eb, jsonText(eb, b)));
  return eb.case().when(numbers).then(asNumbers).when(strings).then(asStrings).else(eb.lit(false)).end();
}

/**
 * A JSON number, or the number that a text of more than 15 digits stands for, since such numbers travel
 * as text. `case` because Postgres may otherwise cast a value before it has looked at it.
 */
function jsonNumber(eb: Builder, json: Sql): Sql {
  const text = jsonText(eb, json);
  const digits = eb.fn('ltrim', [eb.fn('translate', [text, eb.val('-.'), eb.val('')]), eb.val('0')]);
  const numeral = eb.and([
    eb(text, '~', '^-?[0-9]+([.][0-9]+)?$'),
    eb(eb.fn('length', [digits]), '>', eb.lit(15)),
  ]);
  return eb
    .case()
    .when(jsonType(eb, json), '=', 'number')
    .then(castSql(eb, text, 'numeric'))
    .when(numeral)
    .then(castSql(eb, text, 'numeric'))
    .end();
}

function binary(eb: Builder, left: Sql, op: Comparison, right: Sql): Condition {
  return eb(left, SQL_OPERATOR[op], right) as Condition;
}

function bytes(eb: Builder, text: Sql): Sql {
  return eb.fn('convert_to', [text, eb.cast<string>(eb.val('UTF8'), 'text')]);
}
