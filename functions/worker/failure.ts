import { type Json, StepError } from '../../shared/errors.ts';
import type { Claim, Outcome } from './claim.ts';

/** The engine's error for anything thrown: what carries a code keeps it, the rest is `handler_error`. */
export function describeError(error: unknown): { [key: string]: Json } {
  const { code, detail, message, hint, path, retryable } = error as {
    code?: unknown;
    detail?: unknown;
    message?: string;
    hint?: string;
    path?: string;
    retryable?: boolean;
  };
  const coded = error instanceof StepError || (error as Error | null)?.name === 'ExpressionError';
  // The engine's own refusals come from Postgres with their code in DETAIL.
  const refused = code === 'P0001' && typeof detail === 'string' && /^[a-z_]+$/.test(detail);
  return {
    code: coded ? String(code) : refused ? String(detail) : 'handler_error',
    message: message ?? String(error),
    ...(hint ? { hint } : {}),
    ...(path ? { path } : {}),
    retryable: coded ? (retryable ?? false) : !refused,
  };
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

export function claimKeys(claim: Claim): Pick<Outcome, 'strand_id' | 'step_run_id' | 'token'> {
  return { strand_id: claim.strand_id, step_run_id: claim.step_run_id, token: claim.token };
}
