/** A value that survives JSON.stringify and JSON.parse unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The shape every error of the engine has, in rows, over HTTP and in the page. */
export interface ErrorShape {
  /** Stable, snake_case; listed in docs/errors.md. */
  code: string;
  message: string;
  /** The next thing to do. */
  hint?: string;
  /** Where in the definition or the parameters, such as `params.to`. */
  path?: string;
}

interface StepErrorFacts {
  retryable?: boolean;
  retryAfterMs?: number;
  deferred?: boolean;
  details?: { [key: string]: Json };
}

/** An error that ends or retries a step. */
export class StepError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly path: string | undefined;
  /** Whether another attempt may succeed; the step's `retry` decides whether there is one. */
  readonly retryable: boolean;
  /** Milliseconds the next attempt has to wait at least, because the other side has said so. */
  readonly retryAfterMs: number | undefined;
  /** Not tried at all: the step comes back after `retryAfterMs`, as the same attempt, whatever its `retry`. */
  readonly deferred: boolean;
  /** Facts of the error for a catch branch, such as an HTTP status. */
  readonly details: { [key: string]: Json } | undefined;

  constructor(error: ErrorShape & StepErrorFacts) {
    super(error.message);
    this.name = 'StepError';
    this.code = error.code;
    this.hint = error.hint;
    this.path = error.path;
    this.retryable = error.retryable ?? false;
    this.retryAfterMs = error.retryAfterMs;
    this.deferred = error.deferred ?? false;
    this.details = error.details;
  }
}
