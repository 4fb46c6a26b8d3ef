import type { Expression, SqlBool } from 'kysely';
import { asJson, asText, type Builder, castSql, jsonType, type Operand, type Sql } from './operand.ts';

type Condition = Expression<SqlBool>;

const SEARCH_CONFIGURATION = 'english';

export function isNull(eb: Builder, operand: Operand, wanted: boolean): Condition {
  const known = eb(operand.sql, 'is not', null);
  const present =
    operand.family === 'json' ? eb.and([known, eb(jsonType(eb, operand.sql), '<>', 'null')]) : known;
  return wanted ? not(eb, present) : present;
}

/** Null, '', an empty list or an empty object. */
export function isEmpty(eb: Builder, operand: Operand, wanted: boolean): Condition {
  const empty = eb.or([isNull(eb, operand, true), ...emptyValue(eb, operand)]);
  return wanted ? empty : not(eb, empty);
}

function emptyValue(eb: Builder, { family, sql }: Operand): Condition[] {
  if (family === 'text') return [eb(sql, '=', '')];
  if (family === 'array') return [eb(eb.fn('cardinality', [sql]), '=', eb.lit(0))];
  if (family === 'json') return ['""', '[]', '{}'].map((empty) => eb(castSql(eb, sql, 'text'), '=', empty));
  return [];
}

/** A part of a text, or a scalar element of a list. */
export function contains(eb: Builder, left: Operand, right: Operand, wanted: boolean): Condition {
  const decide = (found: Condition): Condition => (wanted ? found : not(eb, found));
  if (left.family !== 'json' && left.family !== 'array') {
    const texts = textsOf(eb, left, right);
    return texts ? eb.and([eb(texts[0], 'is not', null), decide(includes(eb, texts))]) : eb.lit(false);
  }
  const [list, item] = [asJson(eb, left), asJson(eb, right)];
  const element = eb(list, '@>', eb.fn('jsonb_build_array', [item])) as Condition;
  const scalar = eb(jsonType(eb, item), 'not in', ['object', 'array', 'null']);
  const string = eb.and([eb(jsonType(eb, list), '=', 'string'), eb(jsonType(eb, item), '=', 'string')]);
  return eb
    .case()
    .when(eb.and([eb(jsonType(eb, list), '=', 'array'), scalar]))
    .then(decide(element))
    .when(string)
    .then(decide(includes(eb, textsOf(eb, asJsonOperand(list), asJsonOperand(item)) ?? [list, item])))
    .else(eb.lit(false))
    .end();
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
  return search(eb, textVector(eb, text), pattern);
}

/** Words as people type them into a search box, in a text's vector. */
export function search(eb: Builder, vector: Sql, words: Sql): Condition {
  return eb(vector, '@@', eb.fn('websearch_to_tsquery', [configuration(eb), words])) as Condition;
}

export function textVector(eb: Builder, text: Sql): Sql {
  return eb.fn('to_tsvector', [configuration(eb), text]);
}

function configuration(eb: Builder): Sql {
  return castSql(eb, eb.cast<string>(eb.val(SEARCH_CONFIGURATION), 'text'), 'regconfig');
}

function includes(eb: Builder, [text, part]: [Sql, Sql]): Condition {
  return eb(eb.fn('strpos', [text, part]), '>', eb.lit(0));
}

function textsOf(eb: Builder, left: Operand, right: Operand): [Sql, Sql] | null {
  const [a, b] = [asText(eb, left), asText(eb, right)];
  return a && b ? [a, b] : null;
}

function asJsonOperand(sql: Sql): Operand {
  return { family: 'json', type: 'jsonb', sql };
}

/** Not true: SQL's null counts as false. */
export function not(eb: Builder, condition: Condition): Condition {
  return eb.not(eb.fn.coalesce(condition, eb.lit(false)));
}
