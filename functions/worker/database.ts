import type postgres from 'postgres';

/**
 * Sends a statement of a transaction without waiting for it: if it fails, so does whatever follows it.
 *
 * @returns its end, which need not be awaited: a rejection nobody handles would end the isolate
 */
export function send(query: postgres.PendingQuery<postgres.Row[]>): Promise<unknown> {
  const sent = Promise.resolve(query.execute());
  sent.catch(() => {});
  return sent;
}

export type Sql = postgres.Sql;
export type Transaction = postgres.TransactionSql;
