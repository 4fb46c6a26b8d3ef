import type { Expression, SqlBool } from 'kysely';
import { type Json, StepError } from '../../errors.ts';
import { parseDuration } from '../../expression/time.ts';
import { compare } from './compare.ts';
import type { Entity } from './entity.ts';
import { contains, edge, isEmpty, isNull, matches, not } from './match.ts';
import { type Builder, columnOperand, type Operand, valueOperand } from './operand.ts';
import type { Rule, RuleLeaf } from './rule.ts';

export type Condition = Expression<SqlBool>;

/** They look at a date, a uuid or an enum as text. */
const TEXT_OPERATORS = new Set(['contains', 'notContains', 'startsWith', 'endsWith', 'like', 'ilike', 'fts']);
/** What expressions may name; a query has its rows only. */
const ROOTS = new Set([
  'variables',
  'input',
  'trigger',
  'steps',
  'old_record',
  'execution',
  'workflow',
  'organization',
]);
const TEXTUAL = new Set(['text', 'time', 'uuid', 'opaque', 'search']);

export interface RuleContext {
  entity: Entity;
  /** The engine's clock, for `{ "now": "-3d" }`. */
  now: Date;
}

/**
 * A rule tree as a condition on the entity's columns, with the meaning it has in event filters and
 * conditions: null and a type mismatch are false, also under `neq`.
 *
 * @param path where the rule stands in the parameters, for errors
 * @throws StepError `unknown_column`, `rule_not_supported`
 */
export function ruleToSql(eb: Builder, rule: Rule, context: RuleContext, path = 'params.where'): Condition {
  if ('all' in rule)
    return eb.and(rule.all.map((part, i) => ruleToSql(eb, part, context, `${path}.all[${i}]`)));
  if ('any' in rule)
    return eb.or(rule.any.map((part, i) => ruleToSql(eb, part, context, `${path}.any[${i}]`)));
  if ('not' in rule) return not(eb, ruleToSql(eb, rule.not, context, `${path}.not`));
  return leafToSql(eb, rule, context, path);
}

function leafToSql(eb: Builder, leaf: RuleLeaf, context: RuleContext, path: string): Condition {
  const left = columnOperand(eb, context.entity, leaf.field, `${path}.field`);
  switch (leaf.op) {
    case 'isNull':
      return isNull(eb, left, leaf.value !== false);
    case 'isEmpty':
      return isEmpty(eb, left, leaf.value !== false);
    case 'in':
    case 'notIn':
      return membership(eb, left, leaf, path);
    case 'changed':
      return unsupported(
        '`changed` needs the row before an update; a query sees only the row as it is.',
        path,
      );
    case 'before':
    case 'after':
      if (left.family === 'json')
        return unsupported('`before` and `after` need a date column, not a place inside JSON.', path);
      break;
  }
  const right = rightSide(eb, leaf, left, context, path);
  return right ? compareWith(eb, leaf.op, left, right) : never(eb);
}

function compareWith(eb: Builder, op: RuleLeaf['op'], left: Operand, right: Operand): Condition {
  switch (op) {
    case 'contains':
    case 'notContains':
      return contains(eb, left, right, op === 'contains');
    case 'startsWith':
    case 'endsWith':
      return edge(eb, left, right, op);
    case 'like':
    case 'ilike':
    case 'fts':
      return matches(eb, left, right, op);
    case 'before':
    case 'after':
      if (left.family !== 'time' || right.family !== 'time') return never(eb);
      return compare(eb, left, op === 'before' ? 'lt' : 'gt', right);
    case 'eq':
    case 'neq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compare(eb, left, op, right);
    default:
      return never(eb);
  }
}

/** `in` is any `eq`, `notIn` is every `neq`. */
function membership(eb: Builder, left: Operand, leaf: RuleLeaf, path: string): Condition {
  if (leaf.ref !== undefined) return unsupported(`\`${leaf.op}\` takes a list as its \`value\`.`, path);
  if (!Array.isArray(leaf.value)) return never(eb);
  const op = leaf.op === 'in' ? 'eq' : 'neq';
  const parts = leaf.value.map((item): Condition => {
    const right = valueOperand(eb, item, left);
    return right ? compare(eb, left, op, right) : never(eb);
  });
  return op === 'eq' ? eb.or(parts) : eb.and([isNull(eb, left, false), ...parts]);
}

function rightSide(
  eb: Builder,
  leaf: RuleLeaf,
  left: Operand,
  context: RuleContext,
  path: string,
): Operand | null {
  if (leaf.ref !== undefined) return refOperand(eb, leaf.ref, context, `${path}.ref`);
  const value =
    leaf.op === 'before' || leaf.op === 'after' ? pointInTime(leaf.value, context.now) : leaf.value;
  if (value === undefined || value === null) return null;
  if (TEXT_OPERATORS.has(leaf.op) && TEXTUAL.has(left.family))
    return typeof value === 'string' ? valueOperand(eb, value, { ...left, family: 'text' }) : null;
  return valueOperand(eb, value, left);
}

/** A timestamp as it is, `{ "now": "-3d" }` counted by the engine's clock. */
function pointInTime(value: Json | undefined, now: Date): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value ?? null;
  const offset = typeof value.now === 'string' ? parseDuration(value.now) : undefined;
  return offset === undefined ? null : new Date(now.getTime() + offset).toISOString();
}

function refOperand(eb: Builder, ref: string, context: RuleContext, path: string): Operand {
  const [root = ''] = ref.split('.');
  if (ROOTS.has(root) && !Object.hasOwn(context.entity.columns, root))
    return unsupported(
      `\`ref\` names a column of the same row here; write "value": { "$": "${ref}" } instead.`,
      path,
    );
  return columnOperand(eb, context.entity, ref, path);
}

/** False for every row. */
function never(eb: Builder): Condition {
  return eb.lit(false);
}

function unsupported(message: string, path: string): never {
  throw new StepError({ code: 'rule_not_supported', message, path });
}
