import type { Database } from './database/facade.ts';

/** Writes to the database, as the user the workflow runs as. */
export type Writes = (db: Database) => Promise<unknown>;

/** A result that comes with writes. */
export class WithWrites<R> {
  constructor(
    readonly result: R,
    readonly writes: Writes,
  ) {}
}

/**
 * What an action of kind `external` returns when rows belong to its result: they are written in the very
 * transaction that completes the step, so they are there exactly once, and only if the step has succeeded.
 *
 * @param result the action's result
 * @param writes called inside that transaction, after the call to the outside; may be called again if it is lost
 */
export function withWrites<R>(result: R, writes: Writes): WithWrites<R> {
  return new WithWrites(result, writes);
}
