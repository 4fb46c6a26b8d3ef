import type { Json } from '../../../shared/errors.ts';
import type { Step } from '../definition.ts';
import { inside, open, type Place } from './place.ts';
import { sequence } from './sequence.ts';
import { Failure, type StepRun } from './step-run.ts';
import { type Line, Strand } from './strand.ts';

/** The strands a loop or parallel has begun. */
export class Group {
  private readonly strands: Strand[] = [];
  private readonly ended: StepRun[] = [];

  constructor(
    private readonly container: StepRun,
    private readonly place: Place,
  ) {}

  /** Begins an iteration or a branch: a step run that holds its outcome, and a strand of its own. */
  begin(path: string, type: 'iteration' | 'branch', iteration: number, steps: Step[], names: object): void {
    const { place } = this;
    const run = open(place, path, type, iteration);
    run.status = 'waiting';
    const strand = new Strand(() => {
      if (run.status === 'cancelled') return;
      this.ended.push(run);
      const { wait } = place.strand;
      if (wait?.on === 'children' && wait.group === this) place.strand.resume(undefined);
    });
    this.strands.push(strand);
    strand.start(child(run, steps, inside(place, run, strand, names)));
  }

  /** The next strand that has ended by itself. */
  *next(): Line<StepRun> {
    while (this.ended.length === 0) yield { on: 'children', run: this.container, group: this };
    return this.ended.shift() as StepRun;
  }

  cancel(): void {
    for (const strand of this.strands) strand.cancel();
  }
}

/** The strand's boundary: an error that has passed every handler inside is an ordinary one outside. */
function* child(run: StepRun, steps: Step[], place: Place): Line {
  try {
    const output: Json = yield* sequence(steps, place);
    run.succeed(output);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    run.fail(thrown.error);
  } finally {
    run.cancelIfOpen();
  }
}
