import type { Json, JsonObject, RuleTree } from '../expression/index.ts';

/** `{ "$": cel }`. */
export interface CelValue {
  $: string;
}

/** What `if` and `when` take: CEL as a bare string or in `{ "$": … }`, or a rule tree. */
export type Condition = string | CelValue | RuleTree;

export interface Retry {
  /** Attempts in all, the first included. */
  attempts: number;
  backoff: 'exponential' | 'fixed' | 'none';
  delay: string;
  maxDelay: string;
}

export interface StepBase {
  id: string;
  name?: string | undefined;
  when?: Condition | undefined;
  timeout?: string | undefined;
  onError: 'fail' | 'continue' | Step[];
}

export interface ActionStep extends StepBase {
  type: 'action';
  action: string;
  params: JsonObject;
  retry?: Retry | undefined;
}

export interface ConditionStep extends StepBase {
  type: 'condition';
  if: Condition;
  then: Step[];
  else: Step[];
}

export type Channel = 'email' | 'sms' | 'push' | 'slack' | 'log';

export interface NotificationStep extends StepBase {
  type: 'notification';
  channel: Channel;
  to?: Json | undefined;
  template?: string | undefined;
  locale?: Json | undefined;
  subject?: Json | undefined;
  body?: Json | undefined;
  data: JsonObject;
  retry?: Retry | undefined;
}

export interface DelayStep extends StepBase {
  type: 'delay';
  for?: string | CelValue | undefined;
  until?: string | CelValue | undefined;
}

export interface LoopStep extends StepBase {
  type: 'loop';
  items: string | CelValue | Json[];
  as: string;
  steps: Step[];
  concurrency: number;
  maxItems: number;
  continueOnError: boolean;
  collect: boolean;
}

export interface ParallelStep extends StepBase {
  type: 'parallel';
  branches: Record<string, Step[]>;
  wait: 'all' | 'any' | { count: number };
}

export interface HttpStep extends StepBase {
  type: 'http';
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  url: string | CelValue;
  query?: JsonObject | undefined;
  headers?: JsonObject | undefined;
  body?: Json | undefined;
  expect: (number | string)[];
  retry?: Retry | undefined;
}

export interface TransformStep extends StepBase {
  type: 'transform';
  output: Json;
}

export interface ApprovalStep extends StepBase {
  type: 'approval';
  approvers: CelValue | (string | CelValue)[];
  title: string | CelValue;
  details?: Json | undefined;
  quorum: number;
  allowRequester: boolean;
  onTimeout: 'approve' | 'reject' | 'fail';
  channel?: Channel | undefined;
  reminders: string[];
  approved: Step[];
  rejected: Step[];
}

export type Step =
  | ActionStep
  | ConditionStep
  | NotificationStep
  | DelayStep
  | LoopStep
  | ParallelStep
  | HttpStep
  | TransformStep
  | ApprovalStep;

export type StepType = Step['type'];

export type Trigger =
  | { type: 'manual' }
  | {
      type: 'event';
      table: string;
      events: ('insert' | 'update' | 'delete')[];
      columns?: string[] | undefined;
      filter?: RuleTree | undefined;
      allowSelf: boolean;
    }
  | {
      type: 'schedule';
      cron?: string | undefined;
      timezone?: string | undefined;
      at?: string | undefined;
      every?: string | undefined;
    }
  | {
      type: 'webhook';
      headers?: Record<string, string> | undefined;
      allowedIps?: string[] | undefined;
      requestsPerMinute: number;
      maxBytes: number;
      hmac?:
        | {
            secret: { $secret: string };
            header: string;
            timestampHeader?: string | undefined;
            tolerance: string;
          }
        | undefined;
    };

/** A definition that has been checked, with its defaults filled in. */
export interface WorkflowDefinition {
  formatVersion: number;
  name: string;
  description?: string | undefined;
  trigger: Trigger;
  variables: JsonObject;
  inputs?: JsonObject | undefined;
  steps: Step[];
  onFailure: Step[];
}
