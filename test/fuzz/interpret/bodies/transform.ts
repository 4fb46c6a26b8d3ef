import { evaluate } from '../../../../shared/expression/index.ts';
import type { TransformStep } from '../../definition.ts';
import type { Place } from '../place.ts';
import type { StepRun } from '../step-run.ts';
import type { Line } from '../strand.ts';
import { turn } from '../turn.ts';

export function* transform(step: TransformStep, run: StepRun, place: Place): Line {
  const its = yield* turn(step, run, place);
  if (its) run.succeed(evaluate(step.output, its.roots));
}
