import { z } from 'zod';
import type { Json } from '../../errors.ts';
import { RULE_OPS, UNARY_OPS } from '../../expression/rule-types.ts';

/** Operators of every rule tree, and the three that only a query has. */
export const QUERY_OPS = [...RULE_OPS, 'like', 'ilike', 'fts'] as const;

export interface RuleLeaf {
  /** A column, or a path into a JSON column. */
  field: string;
  op: (typeof QUERY_OPS)[number];
  value?: Json | undefined;
  /** Another column of the same row. */
  ref?: string | undefined;
}

export type Rule = { all: Rule[] } | { any: Rule[] } | { not: Rule } | RuleLeaf;

const leafSchema = z
  .strictObject({
    field: z.string().min(1).describe('A column, or a path into a JSON column such as `custom.plan`.'),
    op: z.enum(QUERY_OPS).describe('How field and value are compared.'),
    value: z.json().optional().describe('What to compare with.'),
    ref: z.string().min(1).optional().describe('Another column of the same row to compare with.'),
  })
  .refine(({ value, ref }) => value === undefined || ref === undefined)
  .refine(({ op, value, ref }) => UNARY_OPS.has(op) || value !== undefined || ref !== undefined);

/** The filter of every database action. */
export const ruleSchema: z.ZodType<Rule> = z
  .lazy(() =>
    z.union(
      [
        z.strictObject({ all: z.array(ruleSchema) }),
        z.strictObject({ any: z.array(ruleSchema) }),
        z.strictObject({ not: ruleSchema }),
        leafSchema,
      ],
      { error: ({ input }) => explain(input, '') },
    ),
  )
  .describe('A rule tree: `{ field, op, value }`, or `all`, `any`, `not` of them.');

/** What is wrong with a rule: of a union zod says only that nothing fits. */
function explain(rule: unknown, at: string): string {
  return (
    problem(rule, at) ??
    'Write { "field": "status", "op": "eq", "value": "new" }, or all, any or not of such rules.'
  );
}

function problem(rule: unknown, at: string): string | undefined {
  const place = at === '' ? 'a rule' : at;
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return `${place} is an object`;
  const { all, any, not, ...leaf } = rule as Record<string, unknown>;
  const list = all ?? any;
  const dot = at === '' ? '' : `${at}.`;
  if (not !== undefined) return problem(not, `${dot}not`);
  if (Array.isArray(list))
    return list.map((part, i) => problem(part, `${dot}${all ? 'all' : 'any'}[${i}]`)).find((found) => found);
  if (typeof leaf.field !== 'string') return `${place} has one of all, any, not, field`;
  if (!(QUERY_OPS as readonly unknown[]).includes(leaf.op))
    return `${dot}op is ${JSON.stringify(leaf.op) ?? 'missing'}; it is one of ${QUERY_OPS.join(', ')}`;
  const other = Object.keys(leaf).find((key) => !['field', 'op', 'value', 'ref'].includes(key));
  if (other) return `${place} has no "${other}"; it has field, op, value, ref`;
  if (UNARY_OPS.has(String(leaf.op))) return undefined;
  return (leaf.value === undefined) === (leaf.ref === undefined)
    ? `${place} takes either value or ref`
    : undefined;
}
