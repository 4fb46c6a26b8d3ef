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

/** What a step ends with whose execution or branch was cancelled while it ran. */
function cancelled(): StepError {
  return new StepError({
    code: 'cancelled',
    message: 'The execution was cancelled while the step ran.',
    hint: 'Nothing is to be done.',
  });
}

const askEveryMs = 1_000;

/**
 * Runs work under a time limit. The signal fires at the limit, and soon after the work is not wanted any
 * more; work that ignores it is left behind.
 *
 * @param milliseconds the limit
 * @param isWanted asked every second, so that short work costs nothing
 * @throws StepError `timeout`, retryable, or `cancelled`
 */
export async function withTimeout<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  isWanted: () => Promise<boolean> = async () => true,
): Promise<T> {
  const controller = new AbortController();
  const error = timedOut(milliseconds);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: ReturnType<typeof setInterval> | undefined;
  const expired = new Promise<never>((_, reject) => {
    const end = (reason: StepError) => {
      controller.abort(reason);
      reject(reason);
    };
    timer = setTimeout(() => end(error), milliseconds);
    asking = setInterval(async () => {
      if (!(await isWanted().catch(() => true))) end(cancelled());
    }, askEveryMs);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
    clearInterval(asking);
  }
}
