import { evaluateCondition } from '../../../shared/expression/index.ts';
import type { Step } from '../definition.ts';
import { type Place, rootsOf } from './place.ts';
import type { StepRun } from './step-run.ts';
import type { Happening, Line } from './strand.ts';

export interface Turn {
  claimed: number;
  now: number;
  roots: Record<string, unknown>;
}

/** Waits until a worker runs the step. @returns undefined when its `when` is false: it is skipped */
export function* turn(step: Step, run: StepRun, place: Place): Line<Turn | undefined> {
  const { now, claimed = now } = timed(yield { on: 'turn', run });
  const roots = rootsOf(place, claimed);
  if (step.when !== undefined && !evaluateCondition(step.when, roots, 'when')) {
    run.status = 'skipped';
    return undefined;
  }
  return { claimed, now, roots };
}

export function timed(happening: Happening): Exclude<Happening, undefined> {
  if (!happening) throw new Error('The interpreter went on without anything having happened.');
  return happening;
}
