import { parseDuration } from '../expression/index.ts';
import type { Usages } from './check/steps.ts';
import type { HandlerKind, Plan, PlanRetry, PlanStep } from './plan.ts';
import type { Retry, Step, WorkflowDefinition } from './types.ts';

const APPROVAL_TIMEOUT_MS = 30 * 86_400_000;

/** Of messages to approvers: a provider may be away for some hours. */
const MESSAGE_RETRY: PlanRetry = {
  attempts: 8,
  backoff: 'exponential',
  delay_ms: 30_000,
  max_delay_ms: 3_600_000,
};

/** What a sequence is part of: everything its steps inherit. */
interface Frame {
  section: PlanStep['section'];
  depth: number;
  parent: string | null;
  /** What follows the last step, and the containers left on the way there. */
  next: string | null;
  closes: string[];
  /** Containers of the same strand around it, innermost first; `handles` if an error ends there. */
  around: { path: string; handles: boolean }[];
  /** The failed step in whose catch branch it is. */
  caught: PlanStep['error_of'];
}

/** Where an action's handler does its work, and whether its step may wait after it. */
export type Traits = (action: string) => { kind: HandlerKind; waits?: boolean };

/** Flattens a checked definition into a plan. */
export class Planner {
  private readonly steps: Record<string, PlanStep> = {};

  constructor(
    private readonly usages: Usages,
    private readonly actions: Traits,
  ) {}

  plan(definition: WorkflowDefinition): Plan {
    const top = { depth: 0, parent: null, next: null, closes: [], around: [], caught: null };
    const first = this.sequence(definition.steps, { ...top, section: 'main' });
    const onFailure = this.sequence(definition.onFailure, { ...top, section: 'on_failure' });
    return { format: 1, first, on_failure: onFailure, steps: this.steps };
  }

  /** Adds a sequence and returns its first step's path, null when it is empty. */
  private sequence(steps: Step[], frame: Frame): string | null {
    for (const [i, step] of steps.entries()) {
      const following = steps[i + 1];
      this.step(step, following ? { ...frame, next: following.id, closes: [] } : frame);
    }
    return steps[0]?.id ?? null;
  }

  private step(step: Step, frame: Frame): void {
    const node = this.node(step.id, step.type, frame);
    const usage = this.usages.get(step.id);
    node.kind = step.type === 'action' ? this.actions(step.action).kind : kindOfType(step.type);
    node.on_error = onErrorOf(step);
    node.reads = [...(usage?.reads.values() ?? [])].sort((a, b) => (a.path < b.path ? -1 : 1));
    node.roots = [...(usage?.roots ?? [])].sort();
    node[this.mayWait(step) ? 'timer_ms' : 'timeout_ms'] = timeoutOf(step);
    node.retry = 'retry' in step && step.retry ? retryOf(step.retry) : null;
    node.branches = this.branches(step, node, frame);
    if (Array.isArray(step.onError) && step.onError.length > 0)
      node.catch = this.catchBranch(step.onError, node, frame);
  }

  /** Whether its time is that of a wait in the database, and not that of a handler. */
  private mayWait(step: Step): boolean {
    if (step.type === 'action') return this.actions(step.action).waits ?? false;
    return ['condition', 'loop', 'parallel', 'approval'].includes(step.type);
  }

  private branches(step: Step, node: PlanStep, frame: Frame): PlanStep['branches'] {
    const inside: Frame = {
      ...frame,
      parent: node.path,
      next: node.next,
      closes: [node.path, ...node.closes],
      around: [{ path: node.path, handles: node.on_error !== 'fail' }, ...frame.around],
    };
    switch (step.type) {
      case 'condition':
        return { then: this.sequence(step.then, inside), else: this.sequence(step.else, inside) };
      case 'approval':
        if (step.channel !== undefined) this.message(step.id, node);
        return {
          approved: this.sequence(step.approved, inside),
          rejected: this.sequence(step.rejected, inside),
        };
      case 'loop':
        return { item: this.strand(`${step.id}.item`, 'iteration', step.steps, node) };
      case 'parallel': {
        const entries = Object.entries(step.branches);
        return Object.fromEntries(
          entries.map(([name, steps]) => [name, this.strand(`${step.id}.${name}`, 'branch', steps, node)]),
        );
      }
      default:
        return {};
    }
  }

  /** An iteration or branch: a node of its own, in which a strand begins. */
  private strand(path: string, type: 'iteration' | 'branch', steps: Step[], container: PlanStep): string {
    const { section, depth, error_of: caught } = container;
    const around = { section, parent: container.path, next: null, closes: [], around: [], caught };
    const node = this.node(path, type, { ...around, depth });
    node.branches = { body: this.sequence(steps, { ...around, parent: path, depth: depth + 1 }) };
    return path;
  }

  /** What tells the approvers: beside the approval, which does not wait for it and survives its failure. */
  private message(id: string, approval: PlanStep): void {
    const { section, depth, error_of: caught } = approval;
    const beside = {
      section,
      depth: depth + 1,
      parent: approval.path,
      next: null,
      closes: [],
      around: [],
      caught,
    };
    const node = this.node(`${id}.message`, 'message', beside);
    node.kind = 'external';
    node.on_error = 'continue';
    node.retry = { ...MESSAGE_RETRY };
  }

  // An error inside a catch branch fails the execution, so no container further out handles it.
  private catchBranch(steps: Step[], node: PlanStep, frame: Frame): string | null {
    const around = [node.path, ...frame.around.map(({ path }) => path)].map((path) => ({
      path,
      handles: false,
    }));
    return this.sequence(steps, {
      ...frame,
      parent: node.path,
      closes: [node.path, ...node.closes],
      next: node.next,
      around,
      caught: { path: node.path, depth: node.depth },
    });
  }

  private node(path: string, type: PlanStep['type'], frame: Frame): PlanStep {
    const handling = frame.around.findIndex(({ handles }) => handles);
    const failing = handling === -1 ? frame.around : frame.around.slice(0, handling);
    const node: PlanStep = {
      path,
      step_id: path,
      type,
      kind: 'none',
      section: frame.section,
      depth: frame.depth,
      parent: frame.parent,
      next: frame.next,
      closes: frame.closes,
      branches: {},
      on_error: 'fail',
      catch: null,
      fails: failing.map((container) => container.path),
      handler: frame.around[handling]?.path ?? null,
      reads: [],
      error_of: frame.caught,
      roots: [],
      timeout_ms: null,
      timer_ms: null,
      retry: null,
    };
    this.steps[path] = node;
    return node;
  }
}

// Containers, delays and approvals hold expressions, which a worker evaluates before the database waits.
function kindOfType(type: Exclude<Step['type'], 'action'>): HandlerKind {
  return type === 'http' || type === 'notification' ? 'external' : 'pure';
}

function onErrorOf({ onError }: Step): PlanStep['on_error'] {
  if (!Array.isArray(onError)) return onError;
  return onError.length > 0 ? 'catch' : 'continue';
}

function timeoutOf(step: Step): number | null {
  if (step.timeout !== undefined) return parseDuration(step.timeout) ?? null;
  return step.type === 'approval' ? APPROVAL_TIMEOUT_MS : null;
}

function retryOf(retry: Retry): PlanRetry {
  return {
    attempts: retry.attempts,
    backoff: retry.backoff,
    delay_ms: parseDuration(retry.delay) ?? 0,
    max_delay_ms: parseDuration(retry.maxDelay) ?? 0,
  };
}
