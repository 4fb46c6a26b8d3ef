import type { Json } from '../../../../shared/errors.ts';
import type { ParallelStep } from '../../definition.ts';
import { Group } from '../group.ts';
import type { Place } from '../place.ts';
import { Failure, type StepRun } from '../step-run.ts';
import type { Line } from '../strand.ts';
import { setDeadline } from '../time-limit.ts';
import { turn } from '../turn.ts';

/** Ends with as many branches as it waits for, or with the failure that makes them unreachable. */
export function* parallel(step: ParallelStep, run: StepRun, place: Place): Line {
  const its = yield* turn(step, run, place);
  if (!its) return;
  run.status = 'waiting';
  setDeadline(step, run, place, its);
  const branches = Object.entries(step.branches);
  const output: Record<string, Json> = Object.fromEntries(branches.map(([name]) => [name, null]));
  const { wait = 'all' } = step;
  const wanted = wait === 'all' ? branches.length : wait === 'any' ? 1 : wait.count;
  const group = new Group(run, place);
  try {
    for (const [name, steps] of branches) group.begin(`${step.id}.${name}`, 'branch', 0, steps, {});
    let failed = 0;
    for (let succeeded = 0; succeeded < wanted; ) {
      const branch = yield* group.next();
      if (branch.status === 'succeeded') {
        succeeded += 1;
        output[branch.path.slice(step.id.length + 1)] = branch.output;
      } else {
        failed += 1;
        if (branches.length - failed < wanted) throw new Failure(branch.error as Failure['error']);
      }
    }
  } finally {
    group.cancel();
  }
  run.succeed(output);
}
