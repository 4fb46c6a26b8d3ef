import { StepError } from '../../shared/errors.ts';

/** What a step ends with that took longer than its timeout. */
export function timedOut(milliseconds: number): StepError {
  return new StepError({
    code: 'timeout',
    message: `The step did not finish within ${milliseconds / 1000} s.`,
    hint: "Raise the step's timeout, or make it do less.",
    retryable: true,
  });
}

/**
 * Runs work under a time limit. The signal fires at the limit; work that ignores it is left behind.
 *
 * @param milliseconds the limit
 * @throws StepError `timeout`, retryable
 */
export async function withTimeout<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const error = timedOut(milliseconds);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort(error);
      reject(error);
    }, milliseconds);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
