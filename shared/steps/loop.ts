import { StepError } from '../errors.ts';
import { evaluateItems } from '../expression/index.ts';
import type { StepType } from './types.ts';

/** Evaluates the list; the database runs the steps for each of its items. */
export const loopStep: StepType = {
  type: 'loop',
  prepare({ step }, roots) {
    const items = evaluateItems(step.items ?? null, roots);
    const limit = step.maxItems as number;
    if (items.length > limit) {
      throw new StepError({
        code: 'too_many_items',
        message: `The list has ${items.length} items; the loop takes ${limit}.`,
        path: 'items',
        hint: 'Select fewer, or raise maxItems.',
      });
    }
    const collect = step.collect as boolean;
    if (items.length === 0) {
      const output = { count: 0, succeeded: 0, failed: 0, ...(collect ? { items: [] } : {}) };
      return { kind: 'pure', input: { items }, execute: async () => ({ status: 'succeeded', output }) };
    }
    const fork = {
      concurrency: step.concurrency as number,
      continue_on_error: step.continueOnError as boolean,
      collect,
    };
    return { kind: 'pure', input: { items }, execute: async () => ({ status: 'waiting', fork }) };
  },
};
