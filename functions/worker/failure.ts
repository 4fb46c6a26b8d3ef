import { databaseError } from '../../shared/actions/database/errors.ts';
import { type ErrorShape, type Json, StepError } from '../../shared/errors.ts';
import type { Claim, Outcome } from './claim.ts';

/** The engine's error for anything thrown: what carries a code keeps it, the rest is `handler_error`. */
export function describeError(error: unknown): { [key: string]: Json } {
  const { code, message, hint, path, retryable } = coded(error);
  return {
    code,
    message,
    ...(hint ? { hint } : {}),
    ...(path ? { path } : {}),
    retryable: retryable ?? false,
  };
}

function coded(error: unknown): ErrorShape & { retryable?: boolean } {
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

/** In place of an outcome that the database cannot hold. */
export function unstorableOutcome({ strand_id, step_run_id, token }: Outcome, error: unknown): Outcome {
  const { message } = error as Error;
  return {
    strand_id,
    step_run_id,
    token,
    status: 'failed',
    error: {
      code: 'invalid_output',
      message: `The output cannot be stored: ${message}`,
      hint: 'Return JSON without null characters.',
      retryable: false,
    },
  };
}

export function claimKeys(claim: Claim): Pick<Outcome, 'strand_id' | 'step_run_id' | 'token'> {
  return { strand_id: claim.strand_id, step_run_id: claim.step_run_id, token: claim.token };
}
