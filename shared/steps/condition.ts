import { evaluateCondition } from '../expression/index.ts';
import type { StepType } from './types.ts';

/** Chooses a branch. */
export const conditionStep: StepType = {
  type: 'condition',
  prepare({ step }, roots) {
    const result = evaluateCondition(step.if as never, roots, 'if');
    const branch = result ? 'then' : 'else';
    return {
      kind: 'pure',
      execute: async () => ({ status: 'succeeded', branch, output: { result, branch } }),
    };
  },
};
