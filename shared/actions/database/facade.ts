import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { databaseError } from './errors.ts';
import { refuseRawSql } from './guard.ts';

/** Any table with any columns: entities are known at run time only. */
export type Tables = Record<string, Record<string, unknown>>;

/**
 * What a handler may do with the database: build and run single statements inside the step's own
 * transaction, and take some of them back. No raw SQL, no transaction control, no schema changes.
 */
export interface Database
  extends Pick<
    Kysely<Tables>,
    'selectFrom' | 'selectNoFrom' | 'insertInto' | 'updateTable' | 'deleteFrom' | 'with' | 'fn' | 'dynamic'
  > {
  /**
   * Runs `work` so that its error takes back what it has written, and nothing else of the step. Its deferred
   * constraints are checked at its end. Nothing else may use the database meanwhile.
   *
   * @throws what `work` throws
   */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

/** The step's transaction, or a savepoint in it. */
export interface Connection {
  /** Runs one statement with `$1`-style parameters. */
  run(sql: string, parameters: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs `work` in a savepoint, on the connection that it is given. An error rolls back to it and is thrown. */
  savepoint<T>(work: (inner: Connection) => Promise<T>): Promise<T>;
}

/**
 * A query builder whose every statement goes to `connection`.
 *
 * @throws StepError for every refusal of the database, with its code mapped (see errors.ts), and
 *   `raw_sql_refused` for a statement that carries SQL text of the handler's own.
 */
export function createDatabase(connection: Connection): Database {
  const place = { current: connection };
  const kysely = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new StepDriver(place),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  return Object.freeze({
    selectFrom: kysely.selectFrom.bind(kysely),
    selectNoFrom: kysely.selectNoFrom.bind(kysely),
    insertInto: kysely.insertInto.bind(kysely),
    updateTable: kysely.updateTable.bind(kysely),
    deleteFrom: kysely.deleteFrom.bind(kysely),
    with: kysely.with.bind(kysely),
    fn: kysely.fn,
    dynamic: kysely.dynamic,
    attempt: <T>(work: () => Promise<T>) => attempt(place, work),
  });
}

/** Where statements go: inside an attempt to its savepoint. */
interface Place {
  current: Connection;
}

async function attempt<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const outer = place.current;
  try {
    return await outer.savepoint(async (inner) => {
      place.current = inner;
      const result = await work();
      await runChecked(inner, 'set constraints all immediate');
      return result;
    });
  } finally {
    place.current = outer;
  }
}

async function runChecked(connection: Connection, sql: string, parameters: readonly unknown[] = []) {
  try {
    return await connection.run(sql, parameters);
  } catch (error) {
    throw databaseError(error);
  }
}

class StepConnection implements DatabaseConnection {
  constructor(private readonly place: Place) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    refuseRawSql(query.query);
    return { rows: (await runChecked(this.place.current, query.sql, query.parameters)) as R[] };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; streaming is refused.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streaming is not available inside a step.');
  }
}

/** The transaction is the worker's: this driver has nothing to open, commit or close. */
class StepDriver implements Driver {
  private readonly connection: StepConnection;

  constructor(place: Place) {
    this.connection = new StepConnection(place);
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.connection;
  }
  async beginTransaction(): Promise<void> {
    throw new Error('Transactions belong to the engine: a step has exactly one.');
  }
  async commitTransaction(): Promise<void> {
    throw new Error('Transactions belong to the engine: a step has exactly one.');
  }
  async rollbackTransaction(): Promise<void> {
    throw new Error('Transactions belong to the engine: a step has exactly one.');
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}
}
