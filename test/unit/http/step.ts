import type { ActionContext } from '../../../shared/actions/types.ts';
import type { Json } from '../../../shared/errors.ts';
import { httpStep } from '../../../shared/steps/http.ts';
import type { StepSource } from '../../../shared/steps/types.ts';

export const stepRunId = '0190b4f6-4a8e-7c3e-9f7d-3f1f0a2b4c5d';

type Fields = Record<string, Json>;

/** What a step with these fields would send, and its input. */
export function prepare(fields: Fields, roots: Record<string, unknown> = {}) {
  return httpStep.prepare({ step: { type: 'http', ...fields } } as unknown as StepSource, roots);
}

/** Runs an http step with these fields and gives its output. */
export async function run(fields: Fields, signal = new AbortController().signal): Promise<Fields> {
  const outcome = await prepare(fields).execute({ stepRunId, signal } as ActionContext);
  return outcome.output as Fields;
}

/** The error of work that fails. */
export async function errorOf(work: () => unknown): Promise<Record<string, unknown> & { message: string }> {
  try {
    await work();
  } catch (error) {
    return error as Record<string, unknown> & { message: string };
  }
  throw new Error('It did not fail.');
}
