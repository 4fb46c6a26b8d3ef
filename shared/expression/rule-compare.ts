import { jsonEquals } from './json.ts';

const NUMERAL = /^-?\d+(\.\d+)?$/;

/** Compares two values that are not null; values of different types match under no op. */
export function compare(op: string, left: unknown, right: unknown): boolean {
  switch (op) {
    case 'eq':
      return equality(left, right) === true;
    case 'neq':
      return equality(left, right) === false;
    case 'gt':
      return order(left, right, (sign) => sign > 0);
    case 'gte':
      return order(left, right, (sign) => sign >= 0);
    case 'lt':
      return order(left, right, (sign) => sign < 0);
    case 'lte':
      return order(left, right, (sign) => sign <= 0);
    case 'in':
      return Array.isArray(right) && right.some((item) => equality(left, item) === true);
    case 'notIn':
      return Array.isArray(right) && right.every((item) => equality(left, item) === false);
    case 'contains':
      return contains(left, right) === true;
    case 'notContains':
      return contains(left, right) === false;
    case 'startsWith':
      return typeof left === 'string' && typeof right === 'string' && left.startsWith(right);
    default:
      return typeof left === 'string' && typeof right === 'string' && left.endsWith(right);
  }
}

/** Whether two values are equal; undefined when one is null or their types differ. */
function equality(left: unknown, right: unknown): boolean | undefined {
  const type = typeOf(left);
  if (type !== 'null' && type === typeOf(right)) return jsonEquals(left, right);
  const sign = compareNumerals(left, right);
  return sign === undefined ? undefined : sign === 0;
}

function order(left: unknown, right: unknown, accept: (sign: number) => boolean): boolean {
  if (typeof left === 'number' && typeof right === 'number') return accept(left - right);
  const sign = compareNumerals(left, right);
  if (sign !== undefined) return accept(sign);
  if (typeof left === 'string' && typeof right === 'string') return accept(compareCodePoints(left, right));
  return false;
}

/** Substring of a string, element of an array; undefined when the types fit neither. */
function contains(left: unknown, right: unknown): boolean | undefined {
  if (typeof left === 'string') return typeof right === 'string' ? left.includes(right) : undefined;
  if (!Array.isArray(left) || typeof right === 'object') return undefined;
  return left.some((item) => equality(item, right) === true);
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * Numbers of more than 15 significant digits travel as strings. So a string that is such a numeral counts as
 * a number beside a number and beside another one; undefined when the two are no such pair.
 */
function compareNumerals(left: unknown, right: unknown): number | undefined {
  const a = numeral(left);
  const b = numeral(right);
  if (a === undefined || b === undefined) return undefined;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const scale = Math.max(a.fraction.length, b.fraction.length);
  const difference = scaled(a, scale) - scaled(b, scale);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

interface Numeral {
  sign: bigint;
  integer: string;
  fraction: string;
}

function numeral(value: unknown): Numeral | undefined {
  if (typeof value !== 'number' && !(typeof value === 'string' && isLongNumeral(value))) return undefined;
  const text = typeof value === 'number' ? decimal(value) : value;
  const [integer = '', fraction = ''] = text.replace('-', '').split('.');
  return { sign: text.startsWith('-') ? -1n : 1n, integer, fraction };
}

function isLongNumeral(text: string): boolean {
  return (
    text.length > 15 &&
    text.length <= 1000 &&
    NUMERAL.test(text) &&
    text.replace(/[-.]/g, '').replace(/^0+/, '').length > 15
  );
}

function scaled({ sign, integer, fraction }: Numeral, scale: number): bigint {
  return sign * BigInt(integer + fraction.padEnd(scale, '0'));
}

// String(1e21) is "1e+21", String(1e-7) "1e-7": write the digits out.
function decimal(value: number): string {
  const [mantissa = '0', exponent] = String(value).split('e');
  if (exponent === undefined) return mantissa;
  const [integer = '0', fraction = ''] = mantissa.replace('-', '').split('.');
  const sign = value < 0 ? '-' : '';
  const shift = Number(exponent);
  const digits = integer + fraction;
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${digits}`;
  return sign + digits.padEnd(shift + 1, '0');
}

// JavaScript orders strings by UTF-16 unit, Postgres' "C" collation by code point.
function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let i = 0;
  while (i < length && left.charCodeAt(i) === right.charCodeAt(i)) i++;
  if (i === length) return left.length - right.length;
  const a = left.charCodeAt(i);
  const b = right.charCodeAt(i);
  const surrogates = Number(isSurrogate(a)) - Number(isSurrogate(b));
  return surrogates === 0 ? a - b : surrogates;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
