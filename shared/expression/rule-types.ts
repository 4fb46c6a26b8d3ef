import type { Json } from './json.ts';

/** What a leaf of a rule tree can ask. */
export const RULE_OPS = [
  'eq',
  'neq',
  'gt',
  'gte',
  'lt',
  'lte',
  'in',
  'notIn',
  'contains',
  'notContains',
  'startsWith',
  'endsWith',
  'isNull',
  'isEmpty',
  'changed',
  'before',
  'after',
] as const;

export type RuleOp = (typeof RULE_OPS)[number];

/** One comparison: of the value at `field` with a literal `value` or with the value at `ref`. */
export interface RuleLeaf {
  /** A path such as `record.score`. */
  field: string;
  op: RuleOp;
  value?: Json;
  /** A path such as `variables.threshold` or `old_record.score`. */
  ref?: string;
}

export type RuleTree = { all: RuleTree[] } | { any: RuleTree[] } | { not: RuleTree } | RuleLeaf;

/** Ops that compare nothing: `value` may only say `false`, which turns the answer round. */
export const UNARY_OPS: ReadonlySet<string> = new Set(['isNull', 'isEmpty', 'changed']);
