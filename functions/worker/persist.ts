import { databaseError } from '../../shared/actions/database/errors.ts';
import { StepError } from '../../shared/errors.ts';
import { isConnectionLoss } from './engine.ts';

/**
 * Whether an error says nothing about the work itself: the connection was lost, or another transaction was
 * in the way. What was under way was rolled back, or committed unseen.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof StepError) return false;
  return isConnectionLoss(error) || databaseError(error).retryable === true;
}

/** Milliseconds before each further try; a restart of Postgres takes a second or two. */
const pauses = [0, 500, 2_000];

/**
 * Tries again after a transient error: either nothing of the work was kept, or all of it, and then the next
 * try finds its claim stale.
 */
export async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || tries === pauses.length) throw error;
    }
    await new Promise((wake) => setTimeout(wake, pauses[tries]));
  }
}
