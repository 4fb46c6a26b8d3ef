import { databaseError } from '../../shared/actions/database/errors.ts';
import { type ErrorShape, type Json, StepError } from '../../shared/errors.ts';
import type { Claim, Outcome } from './claim.ts';

/** The engine's error for anything thrown: what carries a code keeps it, the rest is `handler_error`. */
export function describeError(error: unknown): { [key: string]: Json } {
  const { code, message, hint, path, retryable, retryAfterMs, deferred, details } = coded(error);
  return {
    code,
    message,
    ...(hint ? { hint } : {}),
    ...(path ? { path } : {}),
    ...(details ? { details } : {}),
    retryable: retryable ?? false,
    ...(deferred ? { deferred } : {}),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  };
}

type Coded = ErrorShape & Partial<Pick<StepError, 'retryable' | 'retryAfterMs' | 'deferred' | 'details'>>;

function coded(error: unknown): Coded {
  if (error instanceof StepError) return error;
  const { name, message } = error as Error;
  if (name === 'ExpressionError') return error as unknown as ErrorShape;
  // The engine's own refusals come from Postgres too, with their code in DETAIL.
  if (name === 'PostgresError') return databaseError(error);
  return { code: 'handler_error', message: message ?? String(error), retryable: true };
}

/** The outcome that reports an error. `terminal` ends the execution past every handler. */
export function failedOutcome(claim: Claim, error: unknown, input?: Json, terminal = false): Outcome {
  return {
    ...claimKeys(claim),
    status: 'failed',
    ...(input === undefined ? {} : { input }),
    error: { ...describeError(error), ...(terminal ? { terminal: true } : {}) },
  };
}

/**
 * In place of an outcome that the database cannot hold: without its input, and with an error that it can.
 * A step that has failed keeps its own error.
 */
export function unstorableOutcome(outcome: Outcome, refusal: unknown): Outcome {
  const { strand_id, step_run_id, token } = outcome;
  const invalid = {
    code: 'invalid_output',
    message: `The output cannot be stored: ${(refusal as Error).message}`,
    hint: 'Return text without null characters and without halves of characters.',
    retryable: false,
  };
  const error = outcome.status === 'failed' ? storable(outcome.error ?? null) : invalid;
  return { strand_id, step_run_id, token, status: 'failed', error };
}

/** Null characters and halves of surrogate pairs, which no text of Postgres can hold, become U+FFFD. */
function storable(value: Json): Json {
  return JSON.parse(JSON.stringify(value), (_, inner) =>
    typeof inner === 'string' ? inner.replace(/\0|\p{Surrogate}/gu, '\ufffd') : inner,
  );
}

export function claimKeys(claim: Claim): Pick<Outcome, 'strand_id' | 'step_run_id' | 'token'> {
  return { strand_id: claim.strand_id, step_run_id: claim.step_run_id, token: claim.token };
}
