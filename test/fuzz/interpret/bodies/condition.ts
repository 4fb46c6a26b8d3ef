import { evaluateCondition } from '../../../../shared/expression/index.ts';
import type { ConditionStep } from '../../definition.ts';
import type { Place } from '../place.ts';
import { sequence } from '../sequence.ts';
import type { StepRun } from '../step-run.ts';
import type { Line } from '../strand.ts';
import { setDeadline } from '../time-limit.ts';
import { turn } from '../turn.ts';

/** What it has decided is its output from then on, whatever comes of the branch. */
export function* condition(step: ConditionStep, run: StepRun, place: Place): Line {
  const its = yield* turn(step, run, place);
  if (!its) return;
  const result = evaluateCondition(step.if, its.roots, 'if');
  run.output = { result, branch: result ? 'then' : 'else' };
  run.status = 'waiting';
  setDeadline(step, run, place, its);
  yield* sequence((result ? step.then : step.else) ?? [], place);
  run.status = 'succeeded';
}
