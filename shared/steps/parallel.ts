import type { StepType } from './types.ts';

/** Runs its branches at the same time, in the database's hands. */
export const parallelStep: StepType = {
  type: 'parallel',
  prepare({ step }) {
    const { wait } = step;
    const needed = wait === 'any' ? 1 : (wait as { count?: number }).count;
    const fork = needed === undefined ? {} : { wait: needed };
    return { kind: 'pure', execute: async () => ({ status: 'waiting', fork }) };
  },
};
