import { z } from 'zod';
import type { Json } from '../../errors.ts';

/** Operators of every rule tree that a query can answer, and `like`, `ilike` and `fts`, which only it has. */
export const QUERY_OPERATORS = [
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
  'before',
  'after',
  'like',
  'ilike',
  'fts',
] as const;

export type QueryOperator = (typeof QUERY_OPERATORS)[number];

export interface RuleLeaf {
  field: string;
  op: QueryOperator | 'changed';
  value?: Json | undefined;
  ref?: string | undefined;
}

export type Rule = { all: Rule[] } | { any: Rule[] } | { not: Rule } | RuleLeaf;

const leafSchema = z
  .strictObject({
    field: z.string().min(1).describe('A column, or a path into a JSON column such as `custom.plan`.'),
    op: z.enum([...QUERY_OPERATORS, 'changed']).describe('How field and value are compared.'),
    value: z.json().optional().describe('What to compare with.'),
    ref: z.string().min(1).optional().describe('Another column of the same row to compare with.'),
  })
  .refine((leaf) => leaf.value === undefined || leaf.ref === undefined, 'Give either `value` or `ref`.');

/** The filter of every database action. */
export const ruleSchema: z.ZodType<Rule> = z
  .lazy(() =>
    z.union([
      z.strictObject({ all: z.array(ruleSchema) }),
      z.strictObject({ any: z.array(ruleSchema) }),
      z.strictObject({ not: ruleSchema }),
      leafSchema,
    ]),
  )
  .describe('A rule tree: `{ field, op, value }`, or `all`, `any`, `not` of them.');
