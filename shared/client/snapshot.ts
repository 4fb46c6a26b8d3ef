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
}

export interface Execution {
  id: string;
  workflow_id: string;
  /** Null: a test run of a draft. */
  workflow_version: number | null;
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

/** Payload of event `change` on `workflow:execution:<id>`: what has changed, to be laid over what is known. */
export interface Change {
  revision: number;
  execution: Pick<Execution, 'status' | 'steps_done' | 'output' | 'error' | 'started_at' | 'finished_at'> &
    Truncated;
  steps: (Pick<StepRun, 'id' | 'status'> & Partial<StepRun> & Truncated)[];
}

/** True when input or output were too large for a message: the row has them. */
interface Truncated {
  truncated?: boolean | null;
}

/** Whether a change leaves something out, so that the rows have to be read. */
export function isTruncated({ execution, steps }: Change): boolean {
  return [execution, ...steps].some(({ truncated }) => truncated);
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
  const { truncated: _, ...execution } = change.execution;
  const steps = new Map(snapshot.steps.map((step) => [step.id, step]));
  for (const step of change.steps) steps.set(step.id, { ...steps.get(step.id), ...step } as StepRun);
  return {
    execution: { ...snapshot.execution, ...execution, revision: change.revision },
    steps: [...steps.values()].sort(byId),
  };
}
