import type { ExpressionContext } from './cel.ts';
import { ExpressionError } from './error.ts';
import { isObject, jsonEquals } from './json.ts';
import { lookUp } from './paths.ts';
import { compare } from './rule-compare.ts';
import { RULE_OPS, type RuleTree, UNARY_OPS } from './rule-types.ts';
import { parseDuration, parseTimestampMicros } from './time.ts';

const OPS: ReadonlySet<unknown> = new Set(RULE_OPS);

/**
 * Evaluates a rule tree, with the same answers as SQL's `workflow.rule_matches`: null and values of different
 * types are false under every comparison, also under `neq`.
 * @param now what `{ "now": "-3d" }` counts from
 * @throws ExpressionError `invalid_rule` when the part that is reached is no rule tree
 */
export function evaluateRule(tree: RuleTree, context: ExpressionContext, now: Date = new Date()): boolean {
  return matches(tree, context, now);
}

function matches(tree: unknown, context: ExpressionContext, now: Date): boolean {
  if (!isObject(tree)) throw invalid('a rule is an object');
  if (Object.hasOwn(tree, 'field')) return leafMatches(tree, context, now);
  const keys = Object.keys(tree);
  const [key] = keys;
  if (keys.length !== 1 || key === undefined) throw invalid('a rule has one of all, any, not, field');
  const inner = tree[key];
  if (key === 'not') return !matches(inner, context, now);
  if ((key !== 'all' && key !== 'any') || !Array.isArray(inner))
    throw invalid(`\`${key}\` takes no such value`);
  return key === 'all'
    ? inner.every((rule) => matches(rule, context, now))
    : inner.some((rule) => matches(rule, context, now));
}

function leafMatches(leaf: Record<string, unknown>, context: ExpressionContext, now: Date): boolean {
  const { field, op, ref } = leaf;
  if (typeof field !== 'string' || field === '') throw invalid('`field` is a path');
  if (!OPS.has(op)) throw invalid(`there is no op ${JSON.stringify(op) ?? 'undefined'}`);
  const path = field.split('.');
  const left = lookUp(context, path) ?? null;
  if (UNARY_OPS.has(String(op))) return unary(String(op), left, path, context) !== (leaf.value === false);
  if (ref !== undefined && typeof ref !== 'string') throw invalid('`ref` is a path');
  if (ref === undefined && !Object.hasOwn(leaf, 'value')) throw invalid(`\`${op}\` needs a value or a ref`);
  const right = ref === undefined ? leaf.value : lookUp(context, ref.split('.'));
  if (left === null || right === null || right === undefined) return false;
  if (op === 'before' || op === 'after') return compareTimes(op, left, right, now);
  return compare(String(op), left, right);
}

function unary(op: string, value: unknown, path: string[], context: ExpressionContext): boolean {
  if (op === 'isNull') return value === null;
  if (op === 'isEmpty') return isEmpty(value);
  const root = path.indexOf('record');
  if (root === -1) throw invalid('`changed` takes a field of `record`');
  const before = lookUp(context, path.with(root, 'old_record')) ?? null;
  return !jsonEquals(value, before);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function compareTimes(op: 'before' | 'after', left: unknown, right: unknown, now: Date): boolean {
  if (typeof left !== 'string') return false;
  const a = parseTimestampMicros(left);
  const b = pointInTime(right, now);
  if (a === undefined || b === undefined) return false;
  return op === 'before' ? a < b : a > b;
}

function pointInTime(value: unknown, now: Date): number | undefined {
  if (typeof value === 'string') return parseTimestampMicros(value);
  if (!isObject(value) || typeof value.now !== 'string') return undefined;
  const offset = parseDuration(value.now);
  return offset === undefined ? undefined : (now.getTime() + offset) * 1000;
}

function invalid(reason: string): ExpressionError {
  return new ExpressionError({
    code: 'invalid_rule',
    message: `Not a rule tree: ${reason}`,
    hint: 'Write { "field": "record.score", "op": "gte", "value": 70 }, or all, any or not around such rules.',
  });
}
