import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, inject } from 'vitest';

/** A database of this test file's own, with all migrations and no worker. */
export interface EngineDatabase {
  /** As role `postgres`, the engine's owner. */
  sql: Sql;
  /** Another session, for tests that need two. */
  connect(): Sql;
}

/** Copies the migrated database for this file and drops the copy afterwards. */
export function useEngineDatabase(): EngineDatabase {
  const name = `engine_${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const sessions: Sql[] = [];
  const connect = () => {
    const url = new URL(inject('engineTemplate'));
    url.username = 'postgres';
    url.pathname = `/${name}`;
    const sql = postgres(url.href, { max: 4, onnotice: () => {} });
    sessions.push(sql);
    return sql;
  };
  const database = { connect } as EngineDatabase;
  beforeAll(async () => {
    await onTemplate1(async (sql) => {
      // A template is copied by one session at a time: test files take turns.
      await sql`select pg_advisory_lock(42)`;
      await sql.unsafe(`create database ${name} template postgres owner postgres`);
    });
    database.sql = connect();
  });
  afterAll(async () => {
    await Promise.all(sessions.map((sql) => sql.end({ timeout: 1 })));
    await onTemplate1((sql) => sql.unsafe(`drop database if exists ${name} with (force)`));
  });
  return database;
}

/** A session beside the databases that are copied and dropped: a template must have no sessions. */
async function onTemplate1(work: (sql: Sql) => Promise<unknown>): Promise<void> {
  const url = new URL(inject('engineTemplate'));
  url.pathname = '/template1';
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}
