import type { Json } from '../errors.ts';

export type ExecutionStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';
export type StepStatus = ExecutionStatus | 'skipped';

/** A step run as Realtime sends it and as its row holds it. */
export interface StepRun {
  id: string;
  path: string;
  step_id: string;
  scope_id: string;
  iteration: number;
  type: string;
  status: StepStatus;
  handled: boolean;
  attempt: number;
  input: Json;
  output: Json;
  error: Json;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  /** The input or output was too large for a message; the row has it. */
  truncated?: boolean;
}

export interface Execution {
  id: string;
  workflow_id: string;
  workflow_version: number;
  status: ExecutionStatus;
  mode: 'live' | 'test';
  steps_done: number;
  output: Json;
  error: Json;
  /** Grows with each transaction that changes the execution. */
  revision: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

/** What an execution and its step runs look like at one revision. */
export interface ExecutionSnapshot {
  execution: Execution;
  /** Oldest first. */
  steps: StepRun[];
}

/** Payload of event `change` on `workflow:execution:<id>`. */
export interface Change {
  revision: number;
  execution: Execution;
  steps: StepRun[];
}

export function isTerminal(status: ExecutionStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

const byId = (a: StepRun, b: StepRun) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** A snapshot from an execution's row with its steps embedded. */
export function snapshotOf(row: { [key: string]: Json }): ExecutionSnapshot {
  const { steps, ...execution } = row;
  return {
    execution: execution as unknown as Execution,
    steps: ((steps ?? []) as unknown as StepRun[]).sort(byId),
  };
}

/** The next snapshot: changed step runs replace their older selves. */
export function applyChange(snapshot: ExecutionSnapshot, change: Change): ExecutionSnapshot {
  const steps = new Map(snapshot.steps.map((step) => [step.id, step]));
  for (const step of change.steps) steps.set(step.id, { ...steps.get(step.id), ...step });
  return {
    execution: { ...snapshot.execution, ...change.execution, revision: change.revision },
    steps: [...steps.values()].sort(byId),
  };
}
