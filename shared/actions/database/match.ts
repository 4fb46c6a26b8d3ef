import type { Expression, SqlBool } from 'kysely';
import type { Json } from '../../errors.ts';
import { jsonText, jsonType } from './compare.ts';
import { asText, type Builder, castSql, type Operand, type Sql } from './operand.ts';

type Condition = Expression<SqlBool>;

const SEARCH_CONFIGURATION = 'english';

export function isNull(eb: Builder, operand: Operand, wanted: boolean): Condition {
  const known = eb(operand.sql, 'is not', null);
  const present =
    operand.family === 'json' ? eb.and([known, eb(jsonType(eb, operand.sql), '<>', 'null')]) : known;
  return wanted ? eb.not(eb.fn.coalesce(present, eb.lit(false))) : present;
}

/** Null, '', an empty list or an empty object. */
export function isEmpty(eb: Builder, operand: Operand, wanted: boolean): Condition {
  const empty = eb.or([isNull(eb, operand, true), ...emptyValue(eb, operand)]);
  return wanted ? empty : eb.not(eb.fn.coalesce(empty, eb.lit(false)));
}

function emptyValue(eb: Builder, operand: Operand): Condition[] {
  if (operand.family === 'text') return [eb(asText(eb, operand), '=', '')];
  if (operand.family === 'array') return [eb(eb.fn('cardinality', [operand.sql]), '=', eb.lit(0))];
  if (operand.family === 'json')
    return ['""', '[]', '{}'].map((empty) => eb(castSql(eb, operand.sql, 'text'), '=', empty));
  return [];
}

/** A part of a text, or an element of a list. */
export function contains(
  eb: Builder,
  left: Operand,
  right: Operand,
  value: Json | undefined,
  wanted: boolean,
): Condition {
  const decide = (found: Condition): Condition => (wanted ? found : eb.not(found));
  if (left.family === 'array') return decide(eb(right.sql, '=', eb.fn.any(left.sql as never)) as Condition);
  if (left.family === 'json') return inJson(eb, left, right, value, decide);
  const texts = textsOf(eb, left, right);
  return texts ? decide(eb(eb.fn('strpos', texts), '>', eb.lit(0))) : eb.lit(false);
}

function inJson(
  eb: Builder,
  left: Operand,
  right: Operand,
  value: Json | undefined,
  decide: (found: Condition) => Condition,
): Condition {
  const element = eb(left.sql, '@>', eb.fn('jsonb_build_array', [right.sql])) as Condition;
  const branches = eb.case().when(jsonType(eb, left.sql), '=', 'array').then(decide(element));
  if (typeof value !== 'string') return branches.else(eb.lit(false)).end();
  const part = eb(eb.fn('strpos', [jsonText(eb, left.sql), jsonText(eb, right.sql)]), '>', eb.lit(0));
  return branches.when(jsonType(eb, left.sql), '=', 'string').then(decide(part)).else(eb.lit(false)).end();
}

export function edge(eb: Builder, left: Operand, right: Operand, op: 'startsWith' | 'endsWith'): Condition {
  const texts = textsOf(eb, left, right);
  if (!texts) return eb.lit(false);
  const [text, part] = texts;
  if (op === 'startsWith') return eb.fn<SqlBool>('starts_with', [text, part]);
  return eb(eb.fn('right', [text, eb.fn('length', [part])]), '=', part) as Condition;
}

/** `like`, `ilike` with % and _; `fts` takes what people type into a search box. */
export function matches(eb: Builder, left: Operand, right: Operand, op: 'like' | 'ilike' | 'fts'): Condition {
  if (op === 'fts' && left.family === 'search') return search(eb, left.sql, right.sql);
  const texts = textsOf(eb, left, right);
  if (!texts) return eb.lit(false);
  const [text, pattern] = texts;
  if (op !== 'fts') return eb(text, op, pattern) as Condition;
  return search(eb, eb.fn('to_tsvector', [configuration(eb), text]), pattern);
}

function search(eb: Builder, vector: Sql, words: Sql): Condition {
  return eb(vector, '@@', eb.fn('websearch_to_tsquery', [configuration(eb), words])) as Condition;
}

function configuration(eb: Builder): Sql {
  return castSql(eb, eb.cast<string>(eb.val(SEARCH_CONFIGURATION), 'text'), 'regconfig');
}

/** Both sides as the text they are in JSON; other JSON values than strings count as null. */
function textsOf(eb: Builder, left: Operand, right: Operand): [Sql, Sql] | null {
  const [a, b] = [textOf(eb, left), textOf(eb, right)];
  return a && b ? [a, b] : null;
}

function textOf(eb: Builder, { family, type, sql }: Operand): Sql | null {
  if (family === 'json')
    return eb.case().when(jsonType(eb, sql), '=', 'string').then(jsonText(eb, sql)).end();
  if (family === 'time') return jsonText(eb, eb.fn('to_jsonb', [sql]));
  return ['text', 'opaque', 'uuid'].includes(family) ? asText(eb, { family, type, sql }) : null;
}
