import { StepError } from '../../errors.ts';

interface PostgresError {
  code: string;
  message: string;
  detail?: string;
  hint?: string;
  constraint_name?: string;
  column_name?: string;
  table_name?: string;
}

interface Mapping {
  code: string;
  hint: string;
  retryable?: boolean;
}

const UNAVAILABLE = 'The database was not available. Give the step a `retry`.';
const CONFLICT = 'Another transaction was in the way. Give the step a `retry`.';

/** SQLSTATE to step error. What is not listed becomes `database_error`. */
const BY_STATE: Record<string, Mapping> = {
  '23505': {
    code: 'unique_violation',
    hint: 'A row with this key exists. Query for it first, or update it.',
  },
  '23503': {
    code: 'foreign_key_violation',
    hint: 'The row that is pointed to does not exist in this organisation, or is still pointed to.',
  },
  '23514': { code: 'check_violation', hint: 'The table allows only certain values here.' },
  '23502': { code: 'not_null_violation', hint: 'Give this column a value.' },
  '42501': {
    code: 'not_allowed',
    hint: 'The user this workflow runs as may not do this. Check their role and the policies of the table.',
  },
  '22P02': { code: 'invalid_value', hint: "Give a value of the column's type." },
  '22003': { code: 'invalid_value', hint: 'The number does not fit into the column.' },
  '22001': { code: 'invalid_value', hint: 'The text is longer than the column allows.' },
  '22007': { code: 'invalid_value', hint: 'Write dates as 2026-11-01 or 2026-11-01T09:00:00Z.' },
  '22008': { code: 'invalid_value', hint: 'Write dates as 2026-11-01 or 2026-11-01T09:00:00Z.' },
  '42P10': { code: 'missing_unique_key', hint: 'The table lacks the unique key that this action relies on.' },
  '428C9': { code: 'invalid_value', hint: 'The database computes this column; leave it out.' },
  '40001': { code: 'serialization_failure', hint: CONFLICT, retryable: true },
  '40P01': { code: 'deadlock', hint: CONFLICT, retryable: true },
  '55P03': { code: 'lock_timeout', hint: CONFLICT, retryable: true },
  '57014': {
    code: 'statement_timeout',
    hint: "The statement took longer than the step's timeout. Narrow it, or add an index.",
    retryable: true,
  },
};

/**
 * What a refusal of the database means to a step. Leaves a StepError as it is.
 * A database function that raises with a stable code in DETAIL keeps that code.
 */
export function databaseError(error: unknown): StepError {
  if (error instanceof StepError) return error;
  if (!isPostgresError(error)) return withCause(driverError(error), error);
  const known = BY_STATE[error.code] ?? ofData(error.code) ?? lostConnection(error.code);
  const own = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(error.detail ?? '') ? error.detail : undefined;
  return withCause(
    new StepError({
      code: own ?? known?.code ?? 'database_error',
      message: describe(error),
      hint: error.hint || known?.hint || `Postgres refused the statement with SQLSTATE ${error.code}.`,
      ...(error.column_name ? { path: error.column_name } : {}),
      retryable: known?.retryable ?? false,
    }),
    error,
  );
}

/**
 * Whether the refusal is about the data of a row: its values, a constraint, or what a trigger raised. Others
 * are about the user, the table or the moment, and every row would meet them.
 */
export function isAboutRow(error: unknown): boolean {
  const cause = error instanceof StepError ? error.cause : undefined;
  return isPostgresError(cause) && /^(22|23|P0001)/.test(cause.code);
}

/** Class 22: the value itself. */
function ofData(state: string): Mapping | undefined {
  return state.startsWith('22')
    ? { code: 'invalid_value', hint: "Give a value of the column's type." }
    : undefined;
}

/** Classes 08 and 57P: the connection or the server went away; nothing of the step was kept. */
function lostConnection(state: string): Mapping | undefined {
  if (!/^(08|57P|53)/.test(state)) return undefined;
  return { code: 'database_unavailable', hint: UNAVAILABLE, retryable: true };
}

/** What the driver itself reports: a lost connection, or a parameter it cannot send. */
function driverError(error: unknown): StepError {
  const lost = /^(CONNECT|E[A-Z]+$)/.test(String((error as { code?: unknown } | null)?.code ?? ''));
  return new StepError({
    code: lost ? 'database_unavailable' : 'database_error',
    message: error instanceof Error ? error.message : String(error),
    ...(lost ? { hint: UNAVAILABLE } : {}),
    retryable: lost,
  });
}

/** DETAIL names the key of a violated constraint; other details may carry whole rows. */
function describe(error: PostgresError): string {
  const key = /^Key \(.+\)=/.test(error.detail ?? '') ? `: ${error.detail}` : '';
  return error.message + key;
}

function withCause(error: StepError, cause: unknown): StepError {
  error.cause = cause;
  return error;
}

function isPostgresError(error: unknown): error is PostgresError {
  return error instanceof Error && /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code ?? ''));
}
