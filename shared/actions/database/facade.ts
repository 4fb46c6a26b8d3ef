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
 * transaction. No raw SQL, no transaction control, no schema changes.
 */
export type Database = Pick<
  Kysely<Tables>,
  'selectFrom' | 'selectNoFrom' | 'insertInto' | 'updateTable' | 'deleteFrom' | 'with' | 'fn' | 'dynamic'
>;

/** Runs one statement with `$1`-style parameters on the step's transaction. */
export type Runner = (sql: string, parameters: readonly unknown[]) => Promise<Record<string, unknown>[]>;

/**
 * A query builder whose every statement goes to `run`.
 *
 * @throws StepError for every refusal of the database, with its code mapped (see errors.ts), and
 *   `raw_sql_refused` for a statement that carries SQL text of the handler's own.
 */
export function createDatabase(run: Runner): Database {
  const kysely = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new RunnerDriver(run),
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
  });
}

class RunnerConnection implements DatabaseConnection {
  constructor(private readonly run: Runner) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    refuseRawSql(query.query);
    try {
      return { rows: (await this.run(query.sql, query.parameters)) as R[] };
    } catch (error) {
      throw databaseError(error);
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; streaming is refused.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streaming is not available inside a step.');
  }
}

/** The transaction is the worker's: this driver has nothing to open, commit or close. */
class RunnerDriver implements Driver {
  private readonly connection: RunnerConnection;

  constructor(run: Runner) {
    this.connection = new RunnerConnection(run);
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
