import type { Json } from '../../../shared/errors.ts';
import { ExpressionError } from '../../../shared/expression/index.ts';
import type { Step } from '../definition.ts';
import { bodyOf } from './bodies.ts';
import { open, type Place, withError } from './place.ts';
import { Failure, type StepRun } from './step-run.ts';
import type { Line } from './strand.ts';
import { Interrupt } from './time-limit.ts';

/** Runs steps one after the other. @returns the last one's output, null of none */
export function* sequence(steps: Step[], place: Place): Line<Json> {
  let output: Json = null;
  for (const step of steps) output = (yield* runStep(step, place)).output;
  return output;
}

/** One step with all that its `onError` says. @throws Failure when nothing handles its error */
function* runStep(step: Step, place: Place): Line<StepRun> {
  const run = open(place, step.id, step.type);
  try {
    yield* bodyOf(step, run, place);
  } catch (thrown) {
    const failure = failureOf(thrown, run);
    run.fail(failure.error);
    place.world.deadlines.delete(run);
    const { onError = 'fail' } = step;
    if (failure.passesHandlers || onError === 'fail') throw failure;
    run.handled = true;
    if (Array.isArray(onError) && onError.length > 0) yield* rescue(onError, run, place);
  } finally {
    place.world.deadlines.delete(run);
    run.cancelIfOpen();
  }
  return run;
}

/** The catch branch. What fails in it fails the strand; the step that it should have rescued stays handled. */
function* rescue(steps: Step[], run: StepRun, place: Place): Line {
  try {
    run.output = yield* sequence(steps, withError(place, run.error as Failure['error']));
  } catch (thrown) {
    throw thrown instanceof Failure ? new Failure(thrown.error, true) : thrown;
  }
}

/** What a thrown thing means to the step it comes out of; whatever is not meant for it goes on. */
function failureOf(thrown: unknown, run: StepRun): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof ExpressionError) return new Failure({ code: thrown.code, message: thrown.message });
  if (thrown instanceof Interrupt && thrown.run === run) {
    return new Failure({ code: 'timeout', message: 'The time limit has passed.' });
  }
  throw thrown;
}
