import type { Connections } from '../../shared/database/connect.ts';
import type { Sql, Transaction } from './database.ts';

type Work<T> = (tx: Transaction) => Promise<T>;

/**
 * One transaction in place of connections: what would be a transaction of its own, be it a statement, is a
 * savepoint, and they take turns. After each, role, claims and limits are again as a transaction finds them.
 * So a test run goes through the code of live ones, and all of it can be rolled back.
 */
export class OneTransaction implements Connections {
  readonly sql: Sql;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly tx: Transaction) {
    const statement = (first: unknown, ...rest: unknown[]) => {
      const isTemplate = Array.isArray(first) && 'raw' in first;
      const send = tx as unknown as (...all: unknown[]) => Promise<unknown>;
      return isTemplate ? this.inTurn(() => send(first, ...rest)) : send(first, ...rest);
    };
    const begin = <T>(work: Work<T>) => this.inTurn(work);
    this.sql = Object.assign(statement, { begin, json: tx.json }) as unknown as Sql;
  }

  private inTurn<T>(work: Work<T>): Promise<T> {
    const turn = this.last.then(() => this.inSavepoint(work));
    this.last = turn.catch(() => {});
    return turn;
  }

  /** Released at once, where postgres.js would keep it: thousands of them would nest. */
  private async inSavepoint<T>(work: Work<T>): Promise<T> {
    const { tx } = this;
    await tx`savepoint turn`;
    try {
      const result = await work(tx);
      await tx`release savepoint turn`;
      return result;
    } catch (error) {
      await tx`rollback to savepoint turn`;
      await tx`release savepoint turn`;
      throw error;
    } finally {
      await tx`reset role`;
      await tx`select workflow.leave_test_step()`;
    }
  }
}
