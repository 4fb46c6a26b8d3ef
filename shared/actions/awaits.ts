/** In place of a result: the step waits for an execution, and takes its end for its own. */
export class AwaitsExecution {
  constructor(readonly executionId: string) {}
}

/**
 * What an action that `waits` returns to let its step wait, without a worker, for the end of an execution. The
 * step's output is then `{ executionId, status, output }`, or it fails as the execution did. What the action has
 * started itself is cancelled when nobody waits any more.
 */
export function awaitExecution(executionId: string): AwaitsExecution {
  return new AwaitsExecution(executionId);
}
