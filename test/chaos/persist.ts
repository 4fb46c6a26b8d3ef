import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLoss } from '../../functions/worker/engine.ts';

/**
 * Repeats work that only a lost connection keeps from succeeding. The work must be safe to repeat.
 *
 * @throws any other error, and a lost connection once the signal has fired
 */
export async function persistently<T>(work: () => PromiseLike<T>, signal?: AbortSignal): Promise<T> {
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionLoss(error) || signal?.aborted) throw error;
    }
    await sleep(50);
  }
}
