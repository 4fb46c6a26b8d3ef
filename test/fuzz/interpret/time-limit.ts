import { parseDuration } from '../../../shared/expression/index.ts';
import type { Step } from '../definition.ts';
import type { Place } from './place.ts';
import type { StepRun } from './step-run.ts';
import type { Turn } from './turn.ts';

/** Comes out of whatever a container waits for when its time limit has passed. */
export class Interrupt extends Error {
  constructor(readonly run: StepRun) {
    super('interrupted');
  }
}

const usual: Partial<Record<Step['type'], string>> = { approval: '30d' };

/** From its turn on the step's `timeout` counts. */
export function setDeadline(step: Step, run: StepRun, place: Place, { claimed, now }: Turn): void {
  const limit = step.timeout ?? usual[step.type];
  const milliseconds = limit === undefined ? undefined : parseDuration(limit);
  if (milliseconds === undefined) return;
  place.world.deadlines.set(run, { from: claimed + milliseconds, until: now + milliseconds });
}
