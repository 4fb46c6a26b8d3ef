import { evaluate } from '../expression/index.ts';
import type { StepType } from './types.ts';

/** Evaluates JSON with expressions. */
export const transformStep: StepType = {
  type: 'transform',
  prepare({ step }, roots) {
    const output = evaluate(step.output ?? null, roots, { path: 'output' });
    return { kind: 'pure', execute: async () => ({ status: 'succeeded', output }) };
  },
};
