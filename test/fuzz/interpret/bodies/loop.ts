import type { Json } from '../../../../shared/errors.ts';
import { evaluateItems } from '../../../../shared/expression/index.ts';
import type { LoopStep } from '../../definition.ts';
import { Group } from '../group.ts';
import type { Place } from '../place.ts';
import { Failure, type StepRun } from '../step-run.ts';
import type { Line } from '../strand.ts';
import { setDeadline } from '../time-limit.ts';
import { turn } from '../turn.ts';

export function* loop(step: LoopStep, run: StepRun, place: Place): Line {
  const its = yield* turn(step, run, place);
  if (!its) return;
  const items = evaluateItems(step.items, its.roots);
  const { maxItems = 1000, concurrency = 1, continueOnError = false, collect = true, as = 'item' } = step;
  if (items.length > maxItems) {
    throw new Failure({ code: 'too_many_items', message: `${items.length} items are too many.` });
  }
  run.status = 'waiting';
  setDeadline(step, run, place, its);
  const group = new Group(run, place);
  const begin = (index: number) => {
    const names = { [as]: items[index], loop: { index } };
    group.begin(`${step.id}.item`, 'iteration', index, step.steps, names);
  };
  const outputs: Json[] = items.map(() => null);
  let failed = 0;
  try {
    let begun = Math.min(concurrency, items.length);
    for (let index = 0; index < begun; index += 1) begin(index);
    for (let ended = 0; ended < items.length; ended += 1) {
      const iteration = yield* group.next();
      if (iteration.status === 'failed') {
        if (!continueOnError) throw new Failure(iteration.error as Failure['error']);
        failed += 1;
      }
      outputs[iteration.iteration] = iteration.output;
      if (begun < items.length) {
        begun += 1;
        begin(begun - 1);
      }
    }
  } finally {
    group.cancel();
  }
  const counts = { count: items.length, succeeded: items.length - failed, failed };
  run.succeed(collect ? { ...counts, items: outputs } : counts);
}
