import { parseDuration } from '../definition/index.ts';
import { StepError } from '../errors.ts';
import { evaluate } from '../expression/index.ts';
import type { StepType } from './types.ts';

/** Waits for a duration, or until a moment. */
export const delayStep: StepType = {
  type: 'delay',
  prepare({ step }, roots) {
    const field = step.for === undefined ? 'until' : 'for';
    const value = evaluate(step[field] ?? null, roots, { path: field });
    const until = field === 'for' ? afterDuration(value, roots.now as Date) : asMoment(value);
    return {
      kind: 'pure',
      input: { [field]: value },
      execute: async () => ({ status: 'waiting', until, output: { until } }),
    };
  },
};

function afterDuration(value: unknown, now: Date): string {
  const milliseconds = typeof value === 'string' ? parseDuration(value) : undefined;
  if (milliseconds === undefined) {
    throw invalid('for', value, 'Write a duration such as "30s", "15m" or "3d".');
  }
  return new Date(now.getTime() + milliseconds).toISOString();
}

function asMoment(value: unknown): string {
  const moment = value instanceof Date ? value : new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(moment.getTime())) {
    throw invalid('until', value, 'Write a timestamp such as "2026-12-24T09:00:00Z".');
  }
  return moment.toISOString();
}

function invalid(path: string, value: unknown, hint: string): StepError {
  return new StepError({
    code: 'invalid_delay',
    message: `${JSON.stringify(value)} is no moment to wait for.`,
    path,
    hint,
  });
}
