import postgres from 'postgres';

/** Numbers of more digits than a double keeps; only then is the slow reader worth its time. */
const longNumber = /[0-9.]{16}/;
const maxDigits = 15;

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

/** Integers beyond 2^53 and numerics of more than 15 significant digits stay the strings they were. */
const keepLongNumbers: Reviver = (_key, value, context) => {
  if (typeof value !== 'number' || !context?.source) return value;
  if (Number.isSafeInteger(value)) return value;
  const digits = context.source
    .replace(/[eE].*$/, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+/, '');
  return digits.length > maxDigits ? context.source : value;
};

/** Reads JSON as the database wrote it, without losing digits. */
export function readJson(text: string): unknown {
  return longNumber.test(text)
    ? JSON.parse(text, keepLongNumbers as (key: string, value: unknown) => unknown)
    : JSON.parse(text);
}

const json = {
  to: 3802,
  from: [114, 3802],
  serialize: (value: unknown) => JSON.stringify(value),
  parse: readJson,
};

/** Connections that outlive the loss of one. */
export interface Connections {
  /** Take it anew for every statement or transaction: a lost connection replaces it. */
  readonly sql: postgres.Sql;
}

/**
 * A function's connections: few per isolate, statements pipelined.
 *
 * `WORKFLOW_DB_URL` names a transaction pooler, which cannot keep prepared statements; without it the
 * direct `SUPABASE_DB_URL` is used.
 *
 * A pool that has lost a connection is replaced, and ends when its transactions have: postgres.js keeps
 * what it could not write and sends it before the next start-up message, so that every later use of that
 * connection waits for `connect_timeout`.
 *
 * @param name what Postgres calls them, such as `workflow-worker`
 * @throws Error when neither variable is set
 */
export function connect(env: { get(name: string): string | undefined }, name: string): Connections {
  const pooled = env.get('WORKFLOW_DB_URL');
  const url = pooled ?? env.get('SUPABASE_DB_URL');
  if (!url) throw new Error('Set SUPABASE_DB_URL, or WORKFLOW_DB_URL for a pooler, for the functions.');
  const open = (): postgres.Sql => {
    const opened: postgres.Sql = postgres(url, { ...options, onclose: () => replace(opened) });
    return opened;
  };
  const replace = (lost: postgres.Sql) => {
    if (lost !== current) return;
    current = open();
    void lost.end({ timeout: longestTransaction }).catch(() => {});
  };
  const options = {
    max: Number(env.get('WORKFLOW_DB_CONNECTIONS') ?? 4),
    prepare: pooled === undefined,
    idle_timeout: 60,
    connect_timeout: 10,
    onnotice: () => {},
    connection: { application_name: name },
    types: { json },
  };
  let current = open();
  return {
    get sql() {
      return current;
    },
  };
}

/** Seconds; the wall clock of a hosted invocation is shorter. */
const longestTransaction = 150;

/**
 * Whether an error nobody can catch says only that a connection is gone: postgres.js writes the rollback
 * of a transaction whose connection was lost, in a later tick. Whoever used it has had an error already.
 */
export function isWriteAfterClose(error: unknown): boolean {
  return error instanceof TypeError && /nextWrite .*postgres/.test(error.stack ?? '');
}
