import type { ZodType } from 'zod';
import type { HandlerKind } from '../definition/plan.ts';
import type { Json } from '../errors.ts';
import type { Deliveries } from '../notifications/index.ts';
import type { AwaitsExecution } from './awaits.ts';
import type { Database } from './database/facade.ts';
import type { WithWrites } from './writes.ts';

/** What a handler may know about the step run it works for. */
export interface ActionContext {
  /** The organisation the execution belongs to; every read and write stays inside it. */
  organizationId: string;
  executionId: string;
  workflowId: string;
  workflowVersion: number;
  mode: 'live' | 'test';
  /** Id of the step run: the same in every attempt, so it serves as idempotency key. */
  stepRunId: string;
  /** Id of the step in the definition. */
  stepId: string;
  /** 1 for the first attempt. */
  attempt: number;
  /** The engine's clock at the start of the step. */
  now: Date;
  /** Fires at the step's timeout. */
  signal: AbortSignal;
  /** The delivery log: `deliver` of shared/notifications writes every message into it. */
  deliveries: Deliveries;
  /** The step's own transaction, under the user the workflow runs as. Only for kind `database`. */
  db: Database;
}

/** One action: its name, its schemas and its handler. */
export interface ActionDefinition<P = unknown, R = unknown> {
  name: string;
  /** `database` runs in the step's transaction, `external` with none open, `pure` touches nothing. */
  kind: HandlerKind;
  /** It may let its step wait for an execution; the step's `timeout` is then for the wait. Only for kind `database`. */
  waits?: boolean;
  /** One sentence for the builder and the docs. */
  description: string;
  params: ZodType<P>;
  result: ZodType<R>;
  /** Codes it refuses with itself, beside `invalid_params` and what the database refuses. For the docs. */
  errors?: readonly string[];
  /** `params` as they may stand in a definition. For the docs. */
  example?: { [key: string]: Json };
  run(params: P, context: ActionContext): Promise<R | WithWrites<R> | AwaitsExecution>;
}

/** A handler without schemas, as an application registers one. */
export type ActionHandler = (params: Json, context: ActionContext) => Promise<HandlerResult> | HandlerResult;

type HandlerResult = Json | WithWrites<Json> | AwaitsExecution;
