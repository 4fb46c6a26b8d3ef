/**
 * The plan: what publishing compiles a definition to. A flat map of step paths in which every
 * transition is already resolved, so that the database advances an execution by look-up alone.
 */

/** Where a handler does its work; decides which transaction it runs in. */
export type HandlerKind = 'database' | 'external' | 'pure';

/**
 * `iteration`, `branch` and `message` are not written by authors: the compiler adds them inside loops and
 * parallels, and beside approvals that have a channel.
 */
export type PlanStepType =
  | 'action'
  | 'condition'
  | 'notification'
  | 'delay'
  | 'loop'
  | 'parallel'
  | 'http'
  | 'transform'
  | 'approval'
  | 'iteration'
  | 'branch'
  | 'message';

/** A step whose outcome another step's expressions use. */
export interface PlanRead {
  /** Path of the step that is read. */
  path: string;
  /** Strand depth at which it lives: 0 is the main line, each loop or branch around it adds one. */
  depth: number;
}

export interface PlanRetry {
  /** Attempts in all, the first included. */
  attempts: number;
  backoff: 'exponential' | 'fixed' | 'none';
  delay_ms: number;
  max_delay_ms: number;
}

export interface PlanStep {
  /** The step's id; `<loop>.item` for an iteration, `<parallel>.<branch>` for a branch, `<approval>.message`. */
  path: string;
  step_id: string;
  type: PlanStepType;
  /** `none`: the state machine alone moves it (delay, loop, parallel, iteration, branch, approval). */
  kind: HandlerKind | 'none';
  /** Which sequence of the workflow it belongs to. */
  section: 'main' | 'on_failure';
  /** Number of strand-opening containers (iteration, branch) around it. */
  depth: number;
  /** Path of the enclosing container, null at the top level. For steps of a catch branch: the failed step. */
  parent: string | null;
  /** What follows when it ends well, containers that end with it already left; null ends the strand. */
  next: string | null;
  /** Enclosing containers of the same strand that end together with it, innermost first. */
  closes: string[];
  /** Container entry points: condition then/else, approval approved/rejected, loop item, parallel names. */
  branches: Record<string, string | null>;
  on_error: 'fail' | 'continue' | 'catch';
  /** First step of the catch branch. */
  catch: string | null;
  /** Enclosing containers of the same strand, innermost first, that fail with it when nothing handles the error. */
  fails: string[];
  /** Nearest enclosing container of the same strand with `onError` continue or a catch branch; null: the strand fails. */
  handler: string | null;
  reads: PlanRead[];
  /** In a catch branch: the failed step whose error `error` is. Null elsewhere; in `on_failure` it is the execution's. */
  error_of: PlanRead | null;
  /** Other roots its expressions use: `trigger`, `input`, `variables`, `loop`, `error`, `execution`, … */
  roots: string[];
  /** Milliseconds a handler may run; null: the default. */
  timeout_ms: number | null;
  /** Milliseconds that what a container, an approval or a sub-workflow waits for may take; null: any time. */
  timer_ms: number | null;
  retry: PlanRetry | null;
}

export interface Plan {
  /** Version of this format. */
  format: 1;
  first: string | null;
  on_failure: string | null;
  steps: Record<string, PlanStep>;
}
