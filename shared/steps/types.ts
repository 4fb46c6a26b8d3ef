import type { ActionContext } from '../actions/types.ts';
import type { Writes } from '../actions/writes.ts';
import type { HandlerKind, PlanStep } from '../definition/plan.ts';
import type { Json } from '../errors.ts';

/** What a step run came to. Failing is throwing. */
export interface StepOutcome {
  status: 'succeeded' | 'skipped' | 'waiting';
  output?: Json;
  /** Containers: the branch to go into, by its name in the plan. */
  branch?: string;
  /** Waiting: the moment at which to go on. */
  until?: string;
  /** Waiting: for iterations or branches that the database opens. */
  fork?: Fork;
  /** Waiting: for the decision of people. */
  approval?: Json;
  /** Waiting: for the end of this execution. */
  awaits?: string;
  /** Of an external action: rows that are written in the transaction that completes the step. */
  writes?: Writes;
}

/** How a loop or a parallel waits for its children. */
export interface Fork {
  /** Iterations that run at a time; all branches do. */
  concurrency?: number;
  /** Whether the loop goes on after a failed iteration. */
  continue_on_error?: boolean;
  /** Whether the output holds that of each iteration. */
  collect?: boolean;
  /** Branches that have to succeed; all by default. */
  wait?: number;
}

/** What an expression may refer to, by root name. */
export type Roots = Record<string, unknown>;

/** A step of a definition, as its author wrote it, beside its row of the plan. */
export interface StepSource {
  step: Record<string, Json>;
  plan: PlanStep;
  /** What the items of the loops around it are called, outermost first; null for a parallel's branch. */
  aliases: (string | null)[];
}

/** A step with all its expressions evaluated, ready to be executed where its kind demands. */
export interface PreparedStep {
  kind: HandlerKind;
  /** What goes into the step run's `input`. */
  input?: Json;
  /**
   * @param context what a handler may know; `db` is there for kind `database` only
   * @throws StepError
   */
  execute(context: ActionContext): Promise<StepOutcome>;
  /**
   * Of kind `external`, in a test run: what the step's output would be, without calling anybody. Checks all that
   * can be checked before the call. Without it the output is the mock, or null.
   *
   * @param mock what the caller of the test run answers instead of the outside, if anything
   * @throws StepError
   */
  rehearse?(context: ActionContext, mock: Json | undefined): Promise<Json>;
}

/** One step type. Preparing evaluates expressions and touches nothing outside. */
export interface StepType {
  type: string;
  prepare(source: StepSource, roots: Roots): PreparedStep;
}
