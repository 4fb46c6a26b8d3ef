/**
 * The oracle: what a workflow does, written a second time and differently.
 *
 * The engine looks each transition up in a compiled plan; this is a recursive descent through the definition
 * itself. It shares nothing with the engine but the evaluation of expressions. It decides nothing that the
 * definition leaves open (which of several ready steps runs next, when a timer fires): it is told what
 * happened, in order, and refuses what cannot have happened.
 */
import type { Json } from '../../shared/errors.ts';
import type { Definition } from './definition.ts';
import { Impossible } from './interpret/impossible.ts';
import { mainLine, type Place, type World, withError } from './interpret/place.ts';
import { sequence } from './interpret/sequence.ts';
import { Failure, type RunError, type StepRun } from './interpret/step-run.ts';
import { type Line, Strand } from './interpret/strand.ts';
import { firesTimer, openTimers, type TimerKind } from './interpret/timers.ts';
import type { Script } from './script.ts';

export class Interpreter {
  status: 'running' | 'succeeded' | 'failed' | 'cancelled' = 'running';
  output: Json = null;
  error: (RunError & { step?: string }) | null = null;
  private readonly world: World;
  private readonly main = new Strand();

  constructor(
    private readonly definition: Definition,
    input: Json,
    script: Script,
  ) {
    const { variables } = definition;
    this.world = { input, variables, script, runs: [], deadlines: new Map() };
    this.main.start(this.execute(mainLine(this.world, this.main)));
  }

  /** All step runs, in the order in which they came to be. */
  get runs(): readonly StepRun[] {
    return this.world.runs;
  }

  /** Whether a worker that holds this step now does so in vain. */
  isCancelled(address: string): boolean {
    return this.find(address).status === 'cancelled';
  }

  /** A worker has run a step and reported it. @throws Impossible when it is not ready, or in another attempt */
  ran(address: string, attempt: number, claimed: number, now: number): void {
    const run = this.waiting(address, 'turn');
    if (run.attempts !== attempt) {
      throw new Impossible(`${address} ran as attempt ${attempt}, and attempt ${run.attempts} is due`);
    }
    run.strand.resume({ now, claimed });
  }

  /** A timer has fired. @throws Impossible when there is none, or it is not due */
  fired(address: string, kind: TimerKind, now: number): void {
    firesTimer(this.world, this.find(address), kind, now);
  }

  /** Approvals nobody has decided. */
  undecided(): string[] {
    return this.runs
      .filter((run) => run.strand.wait?.on === 'decision' && run.strand.wait.run === run)
      .map((run) => run.address);
  }

  /** An approver has decided. */
  decided(address: string, decision: 'approve' | 'reject', now: number): void {
    this.waiting(address, 'decision').strand.resume({ now, decision });
  }

  /** Timers that should have fired before this moment. */
  overdue(now: number): string[] {
    return openTimers(this.world)
      .filter(({ due }) => due.until < now)
      .map(({ run, kind }) => `${kind} timer of ${run.address}`);
  }

  cancel(): void {
    if (this.status !== 'running') return;
    this.main.cancel();
    this.status = 'cancelled';
  }

  private *execute(place: Place): Line {
    try {
      this.output = yield* sequence(this.definition.steps, place);
      this.status = 'succeeded';
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.error = thrown.error;
      yield* this.onFailure(withError(place, thrown.error));
      this.status = 'failed';
    }
  }

  /** What fails in here changes nothing about how the execution ends. */
  private *onFailure(place: Place): Line {
    try {
      yield* sequence(this.definition.onFailure ?? [], place);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
    }
  }

  private find(address: string): StepRun {
    const run = this.runs.find((candidate) => candidate.address === address);
    if (!run) throw new Impossible(`there should be no step run ${address} yet`);
    return run;
  }

  private waiting(address: string, on: 'turn' | 'decision'): StepRun {
    const run = this.find(address);
    const { wait } = run.strand;
    if (wait?.run !== run || wait.on !== on) {
      throw new Impossible(`${address} (${run.status}) does not wait for a ${on}`);
    }
    return run;
  }
}
