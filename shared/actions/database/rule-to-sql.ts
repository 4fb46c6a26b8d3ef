import type { Expression, SqlBool } from 'kysely';
import { type Json, StepError } from '../../errors.ts';
import { compare, compareJson } from './compare.ts';
import type { Entity } from './entity.ts';
import { contains, edge, isEmpty, isNull, matches } from './match.ts';
import { type Builder, columnOperand, familyOf, type Operand, valueOperand } from './operand.ts';
import type { Rule, RuleLeaf } from './rule.ts';
import { timeValue } from './time-value.ts';

export type Condition = Expression<SqlBool>;

/** They look at a date, a uuid or an enum as text. */
const TEXT_OPERATORS = new Set(['contains', 'notContains', 'startsWith', 'endsWith', 'like', 'ilike', 'fts']);

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
  // SQL's `null` counts as false everywhere but under `not`, which would keep it null.
  if ('not' in rule)
    return eb.not(eb.fn.coalesce(ruleToSql(eb, rule.not, context, `${path}.not`), eb.lit(false)));
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
  return right ? compareWith(eb, leaf, left, right) : never(eb);
}

function compareWith(eb: Builder, leaf: RuleLeaf, left: Operand, right: Operand): Condition {
  switch (leaf.op) {
    case 'contains':
      return contains(eb, left, right, leaf.value, true);
    case 'notContains':
      return contains(eb, left, right, leaf.value, false);
    case 'startsWith':
    case 'endsWith':
      return edge(eb, left, right, leaf.op);
    case 'like':
    case 'ilike':
    case 'fts':
      return matches(eb, left, right, leaf.op);
    case 'before':
    case 'after':
      return left.family === 'time'
        ? compare(eb, left, leaf.op === 'before' ? 'lt' : 'gt', right)
        : never(eb);
    case 'eq':
    case 'neq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      if (left.family === 'json' && right.family === 'json')
        return compareJson(eb, left, leaf.op, right, leaf.value);
      return compare(eb, left, leaf.op, right);
    default:
      return never(eb);
  }
}

/** `in` is any `eq`, `notIn` is every `neq`; an empty list holds nothing. */
function membership(eb: Builder, left: Operand, leaf: RuleLeaf, path: string): Condition {
  if (leaf.ref !== undefined) return unsupported(`\`${leaf.op}\` takes a list as its \`value\`.`, path);
  if (!Array.isArray(leaf.value)) return never(eb);
  const op = leaf.op === 'in' ? 'eq' : 'neq';
  const known = isNull(eb, left, false);
  const parts = leaf.value.map((item): Condition => {
    const right = valueOperand(eb, item, left);
    // An element of another type is simply not equal.
    if (!right) return eb.lit(op === 'neq');
    return left.family === 'json'
      ? compareJson(eb, left, op, right, item, true)
      : compare(eb, left, op, right);
  });
  return op === 'eq' ? eb.or(parts) : eb.and([known, ...parts]);
}

function rightSide(
  eb: Builder,
  leaf: RuleLeaf,
  left: Operand,
  context: RuleContext,
  path: string,
): Operand | null {
  if (leaf.ref !== undefined)
    return columnOperand(eb, context.entity, columnName(leaf.ref, path), `${path}.ref`);
  const value: Json = timeValue(leaf.value ?? null, context.now);
  if (value === null) return null;
  if (left.family === 'array' && (leaf.op === 'contains' || leaf.op === 'notContains')) {
    const element = left.type.slice(0, -2);
    return valueOperand(eb, value, { ...left, type: element, family: familyOf(element) });
  }
  if (
    TEXT_OPERATORS.has(leaf.op) &&
    left.family !== 'json' &&
    left.family !== 'number' &&
    left.family !== 'boolean'
  )
    return typeof value === 'string' ? valueOperand(eb, value, { ...left, family: 'text' }) : null;
  return valueOperand(eb, value, left);
}

function columnName(ref: string, path: string): string {
  if (!/^(variables|inputs?|trigger|steps|old_record|execution|workflow|organization)\./.test(ref))
    return ref;
  return unsupported(
    `\`ref\` names a column of the same row here; write "value": { "$": "${ref}" } instead.`,
    path,
  );
}

/** False for every row. */
function never(eb: Builder): Condition {
  return eb.lit(false);
}

function unsupported(message: string, path: string): never {
  throw new StepError({ code: 'rule_not_supported', message, path });
}
