import type { Json } from '../../shared/errors.ts';

/** Definitions as authors write them, defaults left out: what the generator makes and the interpreter reads. */

export type Cel = { $: string };

interface Common {
  id: string;
  when?: string;
  timeout?: string;
  onError?: 'fail' | 'continue' | Step[];
}

export interface Retry {
  attempts: number;
  backoff: 'exponential' | 'fixed' | 'none';
  delay: string;
  maxDelay: string;
}

export type ActionStep = Common & {
  type: 'action';
  action: string;
  params: { value?: Json };
  retry?: Retry;
};
export type TransformStep = Common & { type: 'transform'; output: Json };
export type DelayStep = Common & { type: 'delay'; for?: string | Cel; until?: string | Cel };
export type ConditionStep = Common & { type: 'condition'; if: string; then?: Step[]; else?: Step[] };
export type LoopStep = Common & {
  type: 'loop';
  items: string | Json[];
  as?: string;
  steps: Step[];
  concurrency?: number;
  maxItems?: number;
  continueOnError?: boolean;
  collect?: boolean;
};
export type ParallelStep = Common & {
  type: 'parallel';
  branches: Record<string, Step[]>;
  wait?: 'all' | 'any' | { count: number };
};
export type ApprovalStep = Common & {
  type: 'approval';
  approvers: string[];
  title: string;
  onTimeout?: 'approve' | 'reject' | 'fail';
  approved?: Step[];
  rejected?: Step[];
};

export type Step =
  | ActionStep
  | TransformStep
  | DelayStep
  | ConditionStep
  | LoopStep
  | ParallelStep
  | ApprovalStep;

export interface Definition {
  name: string;
  trigger: { type: 'manual' };
  variables: { [name: string]: Json };
  steps: Step[];
  onFailure?: Step[];
}
