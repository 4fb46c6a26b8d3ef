import { StepError } from '../errors.ts';

/**
 * Runs part of an exchange and says of its failure what it was: the step's timeout, or the network.
 *
 * @param host whom the exchange is with
 * @throws StepError `timeout` or `http_failed`, both retryable; others pass
 */
export async function exchange<T>(host: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw timedOut(signal.reason, host);
    if (error instanceof StepError) throw error;
    throw new StepError({
      code: 'http_failed',
      message: `${host} could not be reached, or broke off: ${causeOf(error)}`,
      hint: 'Check host and port; give the step a `retry`.',
      retryable: true,
    });
  }
}

function timedOut(reason: unknown, host: string): StepError {
  if (reason instanceof StepError) return reason;
  return new StepError({
    code: 'timeout',
    message: `${host} did not answer in time.`,
    hint: "Raise the step's timeout.",
    retryable: true,
  });
}

/** What the platform says, without the URL that Deno repeats: its query may hold a credential. */
function causeOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } };
  const text = cause?.message || cause?.code || message || String(error);
  return text.replace(/ for url \(\S*\)/g, '').replace(/https?:\/\/\S+/g, '…');
}
