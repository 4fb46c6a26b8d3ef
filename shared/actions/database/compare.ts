import type { Expression, SqlBool } from 'kysely';
import type { Json } from '../../errors.ts';
import { asText, type Builder, castSql, type Operand, type Sql } from './operand.ts';

export type Comparison = 'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte';
type Condition = Expression<SqlBool>;

const SQL_OPERATOR = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** Two operands by their common family; families that do not compare are false. */
export function compare(eb: Builder, left: Operand, op: Comparison, right: Operand): Condition {
  const same = left.family === right.family;
  if (same && ['number', 'time', 'uuid'].includes(left.family)) return binary(eb, left.sql, op, right.sql);
  const equality = op === 'eq' || op === 'neq';
  if (same && ['boolean', 'json', 'array', 'search'].includes(left.family))
    return equality ? binary(eb, left.sql, op, right.sql) : eb.lit(false);
  if (!isTextual(left) || !isTextual(right)) return eb.lit(false);
  const [a, b] = [asText(eb, left), asText(eb, right)];
  // Bytes, so that the order is the same under every collation and the same as in the engine.
  return equality ? binary(eb, a, op, b) : binary(eb, bytes(eb, a), op, bytes(eb, b));
}

/**
 * A place inside JSON with a JSON value. Numbers and text are read only where the JSON type fits;
 * `case` because Postgres may otherwise cast before it has looked.
 *
 * @param anyType `neq` also holds for another type, as an element of `notIn` wants it
 */
export function compareJson(
  eb: Builder,
  left: Operand,
  op: Comparison,
  right: Operand,
  value: Json | undefined,
  anyType = false,
): Condition {
  if (op === 'eq') return binary(eb, left.sql, op, right.sql);
  if (op === 'neq' && anyType) return binary(eb, left.sql, op, right.sql);
  const ofType = (type: string, then: Condition): Condition =>
    eb.case().when(jsonType(eb, left.sql), '=', type).then(then).else(eb.lit(false)).end();
  const a = jsonText(eb, left.sql);
  const b = jsonText(eb, right.sql);
  if (value === undefined)
    return op === 'neq'
      ? eb.and([
          binary(eb, jsonType(eb, left.sql), 'eq', jsonType(eb, right.sql)),
          binary(eb, left.sql, op, right.sql),
        ])
      : eb.lit(false);
  if (op === 'neq') return ofType(jsonTypeOf(value), binary(eb, left.sql, op, right.sql));
  if (typeof value === 'number')
    return ofType('number', binary(eb, castSql(eb, a, 'numeric'), op, castSql(eb, b, 'numeric')));
  if (typeof value === 'string') return ofType('string', binary(eb, bytes(eb, a), op, bytes(eb, b)));
  return eb.lit(false);
}

/** The text of a JSON scalar. */
export function jsonText(eb: Builder, json: Sql): Sql {
  return eb.fn('jsonb_extract_path_text', [
    eb.fn('jsonb_build_array', [json]),
    eb.cast<string>(eb.val('0'), 'text'),
  ]);
}

export function jsonType(eb: Builder, json: Sql): Sql {
  return eb.fn('jsonb_typeof', [json]);
}

function jsonTypeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isTextual(operand: Operand): boolean {
  return ['text', 'opaque', 'uuid'].includes(operand.family);
}

function binary(eb: Builder, left: Sql, op: Comparison, right: Sql): Condition {
  return eb(left, SQL_OPERATOR[op], right) as Condition;
}

function bytes(eb: Builder, text: Sql): Sql {
  return eb.fn('convert_to', [text, eb.cast<string>(eb.val('UTF8'), 'text')]);
}
