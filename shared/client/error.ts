import type { ErrorShape } from '../errors.ts';

/** Every error the client library throws: what happened, and the next thing to do. */
export class WorkflowError extends Error {
  /** Stable; listed in docs/errors.md. */
  readonly code: string;
  /** The next thing to do. */
  readonly hint: string | undefined;
  /** Where in the definition or in the values that were sent. */
  readonly path: string | undefined;

  constructor({ code, message, hint, path }: ErrorShape, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WorkflowError';
    this.code = code;
    this.hint = hint;
    this.path = path;
  }
}

/** What supabase-js returns as `error`. */
interface DataApiError {
  code?: string;
  message: string;
  details?: string | null;
  hint?: string | null;
}

/** Codes and hints by SQLSTATE or PostgREST's code, the longest beginning first. */
const known: [beginning: string, code: string, hint: string][] = [
  ['42501', 'not_allowed', 'Sign in as a member who may do this: editors start and publish, admins delete.'],
  ['23505', 'unique_violation', 'A row with this key exists.'],
  ['23503', 'foreign_key_violation', 'What is pointed to does not exist, or is still pointed to.'],
  ['23502', 'not_null_violation', 'Give this field a value.'],
  ['23514', 'check_violation', 'Give a value that is allowed here.'],
  ['40001', 'serialization_failure', 'Try again.'],
  ['40P01', 'deadlock', 'Try again.'],
  ['55P03', 'lock_timeout', 'Try again.'],
  ['57014', 'statement_timeout', 'Ask for less, or try again.'],
  ['PGRST30', 'unauthorized', 'Sign in again: the token is missing, wrong or over.'],
  ['PGRST00', 'database_unavailable', 'Try again in a moment.'],
  ['57P', 'database_unavailable', 'Try again in a moment.'],
  ['53', 'database_unavailable', 'Try again in a moment.'],
  ['08', 'database_unavailable', 'Try again in a moment.'],
  ['22', 'invalid_value', 'Give a value of the right type; ids are UUIDs.'],
];

/** What an error of supabase-js means. A refusal of the engine brings its own code and hint. */
export function workflowError(error: DataApiError): WorkflowError {
  const { message, details, hint } = error;
  const state = error.code ?? '';
  const own = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(details ?? '') ? details : undefined;
  const [, code, advice] = known.find(([beginning]) => state.startsWith(beginning)) ?? [];
  return new WorkflowError(
    {
      code: own ?? code ?? (state ? 'database_error' : 'api_unreachable'),
      message,
      hint:
        hint ||
        advice ||
        (state ? `The database refused with ${state}.` : 'Check the URL and the connection.'),
    },
    { cause: error },
  );
}

/** The data of an answer. @throws WorkflowError when there is an error instead */
export async function dataOf<T>(
  query: PromiseLike<{ data: T | null; error: DataApiError | null }>,
): Promise<NonNullable<T>> {
  const { data, error } = await query;
  if (error) throw workflowError(error);
  return data as NonNullable<T>;
}

/** The first row of an answer, or an error that says what is missing. @throws WorkflowError */
export async function rowOf<T>(
  query: PromiseLike<{ data: T[] | null; error: DataApiError | null }>,
  missing: ErrorShape,
): Promise<T> {
  const [row] = await dataOf(query);
  if (row === undefined) throw new WorkflowError(missing);
  return row;
}
