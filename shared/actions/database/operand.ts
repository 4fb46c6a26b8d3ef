import { type Expression, type ExpressionBuilder, sql } from 'kysely';
import { type Json, StepError } from '../../errors.ts';
import { parseTimestamp } from '../../expression/time.ts';
import type { Entity } from './entity.ts';
import { requireColumn } from './entity.ts';
import type { Tables } from './facade.ts';
import { isExact } from './json.ts';

export type Builder = ExpressionBuilder<Tables, string>;
export type Sql = Expression<unknown>;

/** Types between which values compare; `opaque` (enums, inet, …) compares as text. */
export type Family = 'number' | 'boolean' | 'time' | 'text' | 'uuid' | 'json' | 'array' | 'search' | 'opaque';

/** One side of a comparison. */
export interface Operand {
  family: Family;
  /** Postgres type. */
  type: string;
  sql: Sql;
}

const INTEGER_LIMIT: Record<string, number> = { smallint: 2 ** 15, integer: 2 ** 31, bigint: 2 ** 63 };
const DATE = /^\d{4}-\d\d-\d\d$/;
const UUID = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i;

export function familyOf(type: string): Family {
  if (type.endsWith('[]')) return 'array';
  if (/^(smallint|integer|bigint|numeric|real|double precision)$/.test(type)) return 'number';
  if (/^(date|timestamp with(out)? time zone)$/.test(type)) return 'time';
  if (/^(text|character varying|bpchar|name|(\w+\.)?citext)$/.test(type)) return 'text';
  if (/^jsonb?$/.test(type)) return 'json';
  if (type === 'boolean' || type === 'uuid') return type;
  return type === 'tsvector' ? 'search' : 'opaque';
}

/**
 * A column, or a place inside a JSON column (`custom.plan.name`).
 * @throws StepError `unknown_column`
 */
export function columnOperand(eb: Builder, entity: Entity, field: string, path: string): Operand {
  const [name = '', ...inside] = columnPath(entity, field);
  const { type } = requireColumn(entity, name, path);
  const family = familyOf(type);
  if (inside.length === 0) return { family, type, sql: eb.ref(name) };
  if (family !== 'json')
    throw new StepError({
      code: 'unknown_column',
      message: `${name} is ${type}: there is nothing inside it to compare.`,
      hint: 'A path with dots reads inside a JSON column.',
      path,
    });
  const json = type === 'jsonb' ? eb.ref(name) : castSql(eb, eb.ref(name), 'jsonb');
  const keys = inside.map((key) => eb.cast<string>(eb.val(key), 'text'));
  return { family: 'json', type: 'jsonb', sql: eb.fn('jsonb_extract_path', [json, ...keys]) };
}

/** `record.score` is what filters of events call the column `score`. */
function columnPath(entity: Entity, field: string): string[] {
  const path = field.split('.');
  return path.length > 1 && path[0] === 'record' && !Object.hasOwn(entity.columns, 'record')
    ? path.slice(1)
    : path;
}

/**
 * A value as the other side of a comparison, in the type that lets an index serve where it fits.
 * Null when the two can never be compared.
 */
export function valueOperand(eb: Builder, value: Json, left: Operand): Operand | null {
  if (value === null || value === undefined) return null;
  const make = (family: Family, type: string): Operand => ({
    family,
    type,
    sql: typedValue(eb, value, type),
  });
  if (left.family === 'json' || left.family === 'array') return make('json', 'jsonb');
  if (left.family === 'number') {
    const type = numberType(value, left.type);
    return type ? make('number', type) : null;
  }
  if (left.family === 'boolean') return typeof value === 'boolean' ? make('boolean', 'boolean') : null;
  if (typeof value !== 'string') return null;
  if (left.family === 'time' && parseTimestamp(value) !== undefined) return make('time', timeType(value));
  if (left.family === 'uuid' && UUID.test(value)) return make('uuid', 'uuid');
  return make('text', 'text');
}

/** A bound parameter, sent as text and cast by Postgres: every driver sends text the same way. */
export function typedValue(eb: Builder, value: Json | undefined, type: string, path = 'params'): Sql {
  const text = eb.cast<string>(eb.val(toText(value ?? null, type, path)), 'text');
  return type === 'text' ? text : castSql(eb, text, type);
}

/** @throws StepError `invalid_value` for a value that a column of this type cannot take, as far as its shape says */
export function checkValue(value: Json, type: string, path: string): void {
  toText(value, type, path);
}

export function castSql(eb: Builder, expression: Sql, type: string): Sql {
  return type === 'text' ? eb.cast(expression, 'text') : eb.cast(expression, sql.raw(type));
}

/** An operand as the text it is in JSON; null where it is no string there. */
export function asText(eb: Builder, { family, type, sql }: Operand): Sql | null {
  if (family === 'json')
    return eb.case().when(jsonType(eb, sql), '=', 'string').then(jsonText(eb, sql)).end();
  if (family === 'time') return jsonText(eb, eb.fn('to_jsonb', [sql]));
  if (family === 'text' || family === 'uuid' || family === 'opaque')
    return type === 'text' ? sql : castSql(eb, sql, 'text');
  return null;
}

export function asJson(eb: Builder, { type, sql }: Operand): Sql {
  return type === 'jsonb' ? sql : eb.fn('to_jsonb', [sql]);
}

/** The text of a JSON scalar. */
export function jsonText(eb: Builder, json: Sql): Sql {
  const list = eb.fn('jsonb_build_array', [json]);
  return eb.fn('jsonb_extract_path_text', [list, eb.cast<string>(eb.val('0'), 'text')]);
}

export function jsonType(eb: Builder, json: Sql): Sql {
  return eb.fn('jsonb_typeof', [json]);
}

function timeType(value: string): string {
  return DATE.test(value) ? 'date' : 'timestamp with time zone';
}

/** The column's own type where the value fits, so that its index serves; else numeric. */
function numberType(value: Json, columnType: string): string | null {
  if (typeof value === 'string') return /^-?\d+(\.\d+)?$/.test(value) && !isExact(value) ? 'numeric' : null;
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  if (columnType === 'real' || columnType === 'double precision') return columnType;
  const limit = INTEGER_LIMIT[columnType];
  return limit !== undefined && Number.isInteger(value) && Math.abs(value) < limit ? columnType : 'numeric';
}

function toText(value: Json, type: string, path: string): string | null {
  if (value === null) return null;
  if (/^jsonb?$/.test(type)) return JSON.stringify(value);
  if (type.endsWith('[]'))
    return Array.isArray(value) ? arrayText(value, type, path) : refuse(value, type, path);
  return typeof value === 'object' ? refuse(value, type, path) : String(value);
}

/** Postgres' array literal, every element quoted. */
function arrayText(values: Json[], type: string, path: string): string {
  const element = type.replace(/(\[\])+$/, '');
  const items = values.map((item, index) => {
    if (Array.isArray(item) && !/^jsonb?$/.test(element)) return arrayText(item, type, `${path}[${index}]`);
    const text = toText(item, element, `${path}[${index}]`);
    return text === null ? 'NULL' : `"${text.replace(/[\\"]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}

function refuse(value: Json, type: string, path: string): never {
  throw new StepError({
    code: 'invalid_value',
    message: `A column of type ${type} cannot take ${Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value)}`}.`,
    hint: `Give a value of type ${type}.`,
    path,
  });
}
