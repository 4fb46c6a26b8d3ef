import type { Step } from '../definition.ts';
import { action } from './bodies/action.ts';
import { approval } from './bodies/approval.ts';
import { condition } from './bodies/condition.ts';
import { delay } from './bodies/delay.ts';
import { loop } from './bodies/loop.ts';
import { parallel } from './bodies/parallel.ts';
import { transform } from './bodies/transform.ts';
import type { Place } from './place.ts';
import type { StepRun } from './step-run.ts';
import type { Line } from './strand.ts';

/** What a step of each type does, errors left to `onError`. */
export function bodyOf(step: Step, run: StepRun, place: Place): Line {
  switch (step.type) {
    case 'action':
      return action(step, run, place);
    case 'transform':
      return transform(step, run, place);
    case 'delay':
      return delay(step, run, place);
    case 'condition':
      return condition(step, run, place);
    case 'loop':
      return loop(step, run, place);
    case 'parallel':
      return parallel(step, run, place);
    case 'approval':
      return approval(step, run, place);
  }
}
