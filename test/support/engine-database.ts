import type { Sql } from 'postgres';
import { cloneDatabase, connect } from './platform.ts';

/** A migrated database of the test file's own, without a worker: the engine is driven by hand. */
export interface EngineDatabase {
  /** Its address as role `postgres`. */
  url: string;
  /** As role `postgres`, the engine's owner. */
  sql: Sql;
  /** Another session, for tests that need two. */
  connect(): Sql;
}

/** Call it at the top of the file. */
export async function useEngineDatabase(): Promise<EngineDatabase> {
  const url = await cloneDatabase();
  return { url, sql: connect(url), connect: () => connect(url) };
}
