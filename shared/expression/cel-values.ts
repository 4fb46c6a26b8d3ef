import { ExpressionError } from './error.ts';
import { isObject, type Json, setOwn } from './json.ts';
import { formatDuration } from './time.ts';

const MAX_NODES = 200_000;
const views = new WeakMap<object, unknown>();

/**
 * The view of JSON data that CEL works on: objects become Maps, so that no key can reach a prototype.
 * Views are kept as long as their source: data given to an expression must not be changed afterwards.
 */
export function toView(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const known = views.get(value);
  if (known !== undefined) return known;
  const view = Array.isArray(value)
    ? value.map(toView)
    : new Map(Object.keys(value).map((key) => [key, toView((value as Record<string, unknown>)[key])]));
  views.set(value, view);
  return view;
}

/**
 * Turns a CEL result into JSON: integers to numbers (to strings beyond 2^53), timestamps to ISO 8601,
 * durations to `1h30m`, an empty optional to null.
 * @throws ExpressionError when the result has no JSON form or is too large
 */
export function fromCel(value: unknown): Json {
  let nodes = 0;
  const convert = (item: unknown): Json => {
    if (++nodes > MAX_NODES) throw tooLarge();
    if (typeof item === 'number') return finite(item);
    if (typeof item === 'bigint') return fromInteger(item);
    if (typeof item === 'string' || typeof item === 'boolean') return item;
    if (item === null || item === undefined) return null;
    if (Array.isArray(item)) return item.map(convert);
    if (item instanceof Date) return item.toISOString();
    if (item instanceof Map) return fromEntries([...item], convert);
    const tag = Object.prototype.toString.call(item);
    if (tag === '[object google.protobuf.Duration]') return formatDuration(Number(item));
    if (tag === '[object optional]')
      return convert((item as { orValue(other: null): unknown }).orValue(null));
    if (isObject(item) && tag === '[object Object]') return fromEntries(Object.entries(item), convert);
    throw noJson(typeof item === 'object' ? tag.slice(8, -1).replace(/<.*/, '') : typeof item);
  };
  return convert(value);
}

function fromEntries(entries: [unknown, unknown][], convert: (item: unknown) => Json): Json {
  const result = {};
  for (const [key, item] of entries) setOwn(result, String(key), convert(item));
  return result;
}

function fromInteger(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ExpressionError({
    code: 'not_a_number',
    message: `The expression gives ${value}, which JSON cannot hold`,
    hint: 'Guard the division, such as `x == 0 ? 0 : y / x`.',
  });
}

function tooLarge(): ExpressionError {
  return new ExpressionError({
    code: 'result_too_large',
    message: `The result has more than ${MAX_NODES} values`,
    hint: 'Select fewer fields or fewer rows.',
  });
}

function noJson(type: string): ExpressionError {
  return new ExpressionError({
    code: 'invalid_result',
    message: `The expression gives a ${type}, which has no JSON form`,
    hint: 'Turn it into a string or a number.',
  });
}
