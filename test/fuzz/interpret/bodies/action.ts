import { evaluate, parseDuration } from '../../../../shared/expression/index.ts';
import type { ActionStep, Retry } from '../../definition.ts';
import type { Place } from '../place.ts';
import { Failure, type StepRun } from '../step-run.ts';
import type { Due, Line } from '../strand.ts';
import { timed, turn } from '../turn.ts';

/** Attempts until one succeeds, fails for good, or was the last. */
export function* action(step: ActionStep, run: StepRun, place: Place): Line {
  const { script } = place.world;
  while (true) {
    const its = yield* turn(step, run, place);
    if (!its) return;
    const { value = null } = evaluate(step.params, its.roots) as ActionStep['params'];
    const { error } = script.attempt(run.address, run.attempts);
    if (!error) {
      run.error = null;
      run.succeed(script.result(run.address, value));
      return;
    }
    const { code, retryable } = error;
    if (!retryable || run.attempts >= (step.retry?.attempts ?? 1)) {
      throw new Failure({ code, message: messageOf(code) });
    }
    run.status = 'waiting';
    run.error = { code, message: messageOf(code) };
    timed(yield { on: 'retry', run, due: dueAfter(step.retry as Retry, run.attempts, its.now) });
    run.attempts += 1;
    run.status = 'queued';
  }
}

export const messageOf = (code: string): string => `It failed with ${code}.`;

/** The policy's wait, of which jitter may take up to half. */
function dueAfter(retry: Retry, attempt: number, now: number): Due {
  const delay = parseDuration(retry.delay) ?? 0;
  const most = parseDuration(retry.maxDelay) ?? 0;
  const wait = {
    none: 0,
    fixed: delay,
    exponential: Math.min(most, delay * 2 ** (attempt - 1)),
  }[retry.backoff];
  return { from: now + wait / 2, until: now + wait };
}
