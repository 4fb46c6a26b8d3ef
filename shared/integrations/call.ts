import { StepError } from '../errors.ts';
import { unreachable } from './errors.ts';

/** Milliseconds from now; a provider does not hold up a step for longer than an hour. */
const maxWait = 3_600_000;

/**
 * Waits for a call until the step's time is over. What no answer tells is whether the message went out.
 *
 * @throws StepError `provider_unreachable` for a network failure, the signal's reason when it fires
 */
export async function answer<T>(provider: string, signal: AbortSignal, call: Promise<T>): Promise<T> {
  let end = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(signal.reason);
  });
  signal.addEventListener('abort', end, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([call, ended]);
  } catch (error) {
    if (error instanceof StepError || (signal.aborted && error === signal.reason)) throw error;
    throw unreachable(provider, error);
  } finally {
    signal.removeEventListener('abort', end);
    call.catch(() => {});
  }
}

/** `Retry-After` in seconds, as the providers send it, in milliseconds. */
export function waitOf(seconds: string | null | undefined): number | undefined {
  const milliseconds = Number(seconds ?? Number.NaN) * 1_000;
  return milliseconds > 0 ? Math.min(milliseconds, maxWait) : undefined;
}
