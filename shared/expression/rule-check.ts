import { isObject } from './json.ts';
import { joinPath } from './paths.ts';
import { RULE_OPS, UNARY_OPS } from './rule-types.ts';
import { parseDuration, parseTimestampMicros } from './time.ts';

/** Depth and number of leaves a rule tree may have. */
export const RULE_LIMITS = { depth: 8, leaves: 100 };

/** What is wrong with a rule tree, and where. */
export interface RuleProblem {
  message: string;
  hint: string;
  path: string;
}

/** Told of every path a tree names, with the place it stands at. */
export type OnRulePath = (path: string, at: string) => void;

const SHAPE =
  'Write { "field": "record.score", "op": "gte", "value": 70 }, or all, any or not around such rules.';
const LEAF_KEYS = new Set(['field', 'op', 'value', 'ref']);

/** Checks a rule tree before it is published: its shape, its ops and the values they take. */
export function checkRule(tree: unknown, path = '', onPath: OnRulePath = () => {}): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const report: Report = (at, message, hint = SHAPE) => problems.push({ message, hint, path: at });
  let leaves = 0;
  const visit = (rule: unknown, at: string, depth: number): void => {
    if (!isObject(rule)) {
      report(at, 'A rule is an object');
    } else if (depth > RULE_LIMITS.depth) {
      report(at, `Rules nest at most ${RULE_LIMITS.depth} deep`, 'Split the condition over several steps.');
    } else if ('field' in rule || 'op' in rule) {
      leaves += 1;
      if (leaves === RULE_LIMITS.leaves + 1) {
        report(
          at,
          `A rule tree has at most ${RULE_LIMITS.leaves} comparisons`,
          'Use `in` for lists of values.',
        );
      }
      checkLeaf(rule, at, report, onPath);
    } else {
      checkGroup(rule, at, report, (inner, place) => visit(inner, place, depth + 1));
    }
  };
  visit(tree, path, 1);
  return problems;
}

type Report = (at: string, message: string, hint?: string) => void;

function checkGroup(
  rule: Record<string, unknown>,
  at: string,
  report: Report,
  visit: (inner: unknown, at: string) => void,
): void {
  const keys = Object.keys(rule);
  const [key = ''] = keys;
  const inner = rule[key];
  const place = joinPath(at, key);
  if (keys.length === 1 && key === 'not') {
    visit(inner, place);
  } else if (keys.length === 1 && (key === 'all' || key === 'any') && Array.isArray(inner)) {
    if (key === 'any' && inner.length === 0) report(place, 'An empty `any` never matches', 'Add a rule.');
    for (const [i, item] of inner.entries()) visit(item, joinPath(place, i));
  } else {
    report(at, 'A rule has exactly one of all, any, not, field');
  }
}

function checkLeaf(leaf: Record<string, unknown>, at: string, report: Report, onPath: OnRulePath): void {
  const { field, op, value, ref } = leaf;
  for (const key of Object.keys(leaf)) {
    if (!LEAF_KEYS.has(key))
      report(joinPath(at, key), `A comparison has no \`${key}\``, 'It has field, op, value, ref.');
  }
  checkPath(field, joinPath(at, 'field'), report, onPath);
  if (!(RULE_OPS as readonly unknown[]).includes(op)) {
    report(
      joinPath(at, 'op'),
      `There is no op ${JSON.stringify(op) ?? '(it is missing)'}`,
      `The ops are ${RULE_OPS.join(', ')}.`,
    );
    return;
  }
  const name = String(op);
  if (name === 'changed' && typeof field === 'string' && !field.split('.').slice(0, -1).includes('record')) {
    report(joinPath(at, 'field'), '`changed` takes a field of the row', 'Write record.status.');
  }
  if (ref !== undefined) {
    checkPath(ref, joinPath(at, 'ref'), report, onPath);
    if (value === undefined && !UNARY_OPS.has(name)) return;
    report(joinPath(at, 'ref'), 'There is nothing to compare with `ref`', 'Leave `ref` out.');
    return;
  }
  const problem = UNARY_OPS.has(name) ? unaryProblem(name, value) : valueProblem(name, value);
  if (problem) report(joinPath(at, 'value'), ...problem);
}

function checkPath(path: unknown, at: string, report: Report, onPath: OnRulePath): void {
  if (typeof path === 'string' && /^[A-Za-z_]\w*(\.[^.\s][^.]*)*$/.test(path)) onPath(path, at);
  else report(at, 'A path such as record.score is missing', 'Join the names with dots.');
}

function unaryProblem(op: string, value: unknown): [string, string] | undefined {
  if (value === undefined || typeof value === 'boolean') return undefined;
  return [`\`${op}\` takes true or false`, 'Leave `value` out, or say false for the opposite.'];
}

function valueProblem(op: string, value: unknown): [string, string] | undefined {
  if (value === undefined) return [`\`${op}\` needs a value or a ref`, 'Add `value`, or `ref` with a path.'];
  if (value === null) return ['Null matches nothing', 'Use isNull.'];
  if (isObject(value) && '$' in value)
    return ['Expressions are not evaluated in rules', 'Use `ref` with a path.'];
  switch (op) {
    case 'eq':
    case 'neq':
      return undefined;
    case 'in':
    case 'notIn':
      if (!Array.isArray(value)) return [`\`${op}\` takes a list`, 'Write ["a", "b"].'];
      return value.some((item) => item === null)
        ? ['Null in a list matches nothing', 'Use isNull beside it.']
        : undefined;
    case 'before':
    case 'after':
      return isPointInTime(value)
        ? undefined
        : [
            `\`${op}\` takes a timestamp or a time from now`,
            'Write "2026-01-31T09:00:00Z" or { "now": "-3d" }.',
          ];
    case 'startsWith':
    case 'endsWith':
      return typeof value === 'string' ? undefined : [`\`${op}\` takes text`, 'Put the value in quotes.'];
    case 'contains':
    case 'notContains':
      return typeof value === 'object' ? [`\`${op}\` takes one value`, 'Use any around several.'] : undefined;
    default:
      return typeof value === 'number' || typeof value === 'string'
        ? undefined
        : [`\`${op}\` takes a number or text`, 'Use eq for true and false.'];
  }
}

function isPointInTime(value: unknown): boolean {
  if (typeof value === 'string') return parseTimestampMicros(value) !== undefined;
  if (!isObject(value) || Object.keys(value).length !== 1) return false;
  return typeof value.now === 'string' && parseDuration(value.now) !== undefined;
}
