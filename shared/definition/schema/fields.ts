import { z } from 'zod';
import { DURATION_PATTERN } from '../../expression/index.ts';
import type { Condition, Step } from '../types.ts';

/** Limits of a definition; beyond them it is refused. */
export const LIMITS = {
  steps: 500,
  depth: 10,
  branches: 20,
  characters: 512_000,
  jsonDepth: 64,
  columns: 100,
};

export const stepId = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,62}$/)
  .describe('Unique in the workflow. A letter in lower case, then letters, digits and _.');

export const duration = z
  .string()
  .regex(DURATION_PATTERN)
  .describe('A duration such as 30s, 15m, 3d or 1h30m.');

export const celValue = z
  .strictObject({ $: z.string().min(1) })
  .describe('A CEL expression; its result keeps its type.');

export const anyJson = z.json().describe('Any JSON; may hold expressions.');

export const jsonObject = z.record(z.string(), z.json());

/** Text that may be Liquid, or CEL in `{ "$": … }`. */
export const text = z.union([z.string().min(1), celValue]);

// Rule trees are checked by `checkRule`, whose errors are better than those of a recursive union.
export const ruleTree = z.record(z.string(), z.json()).meta({ id: 'RuleTree' });

export const condition = z
  .union([z.string().min(1), celValue, ruleTree])
  .describe('CEL that gives true or false, or a rule tree.') as unknown as z.ZodType<Condition>;

export const retry = z
  .strictObject({
    attempts: z.int().min(1).max(20).default(3).describe('Attempts in all, the first included.'),
    backoff: z.enum(['exponential', 'fixed', 'none']).default('exponential'),
    delay: duration.default('5s').describe('Before the second attempt.'),
    maxDelay: duration.default('5m').describe('The longest wait between two attempts.'),
  })
  .describe('Further attempts after a failure that another attempt may mend; waits have jitter.');

/** A sequence of steps; lazy, since steps hold sequences. */
export function stepList(step: () => z.ZodType<Step>): z.ZodType<Step[]> {
  return z.lazy(() => z.array(step()).max(LIMITS.steps));
}
