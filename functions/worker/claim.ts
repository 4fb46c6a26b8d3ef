import type { Json } from '../../shared/errors.ts';
import type { Fork } from '../../shared/steps/index.ts';

/** A step in this worker's hands, as workflow.describe_claims tells it. */
export interface Claim {
  step_run_id: string;
  /** Fences: an outcome under any other token is refused. */
  token: string;
  strand_id: string;
  slot: number | null;
  expires_at: string;
  execution_id: string;
  workflow_id: string;
  workflow_version: number;
  organization_id: string;
  mode: 'live' | 'test';
  created_at: string;
  created_by: string | null;
  path: string;
  attempt: number;
  deliveries: number;
  timeout_ms: number;
  trigger: Json;
  input: Json;
  /** In a catch branch the failed step's error, in `onFailure` the execution's. */
  error: Json;
  steps: Record<string, { status: string; output: Json; error: Json }>;
  /** Inside loops, if its expressions ask: the strands around it, outermost first; null for a branch. */
  items: ({ item: Json; index: number } | null)[] | null;
  now: string;
}

/** What is reported of a claim, as workflow.complete_steps reads it. */
export interface Outcome {
  strand_id: string;
  step_run_id: string;
  token: string;
  status: 'succeeded' | 'skipped' | 'waiting' | 'failed';
  input?: Json;
  output?: Json;
  error?: Json;
  branch?: string;
  until?: string;
  fork?: Fork;
  approval?: Json;
  awaits?: string;
}

/** The right of this chain of invocations to work. */
export interface Slot {
  id: number;
  token: string;
  /** 1: hand over after each step; more: drain in sets of this size. */
  steps_per_invocation: number;
}
