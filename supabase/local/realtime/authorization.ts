import type { Sql, TransactionSql } from 'postgres';
import postgres from 'postgres';
import { type Claims, Refusal } from './jwt.ts';

/** Asks the policies on `realtime.messages`, as hosted Realtime does: what counts is select and insert under the user's role. */
export interface Authorization {
  /** @throws {Refusal} when the database cannot be asked */
  mayRead(claims: Claims, topic: string): Promise<boolean>;
  /** @throws {Refusal} when the database cannot be asked */
  mayWrite(claims: Claims, topic: string): Promise<boolean>;
}

/** @param sql connections as superuser */
export function createAuthorization(sql: Sql, log: (line: string) => void): Authorization {
  return {
    mayRead: (claims, topic) =>
      probe(sql, log, async (tx) => {
        const [row] = await tx`
          insert into realtime.messages (topic, extension) values (${topic}, 'broadcast') returning id`;
        await become(tx, claims, topic);
        const seen = await tx`
          select 1 from realtime.messages
          where id = ${row?.id} and topic = ${topic} and extension = 'broadcast'`;
        return seen.length > 0;
      }),
    mayWrite: (claims, topic) =>
      probe(sql, log, async (tx) => {
        await become(tx, claims, topic);
        await tx`insert into realtime.messages (topic, extension) values (${topic}, 'broadcast')`;
        return true;
      }),
  };
}

class RolledBack extends Error {
  constructor(readonly answer: boolean) {
    super();
  }
}

/** Runs a question in a transaction that leaves nothing behind. A policy that fails says no. */
async function probe(
  sql: Sql,
  log: (line: string) => void,
  ask: (tx: TransactionSql) => Promise<boolean>,
): Promise<boolean> {
  try {
    await sql.begin(async (tx) => {
      throw new RolledBack(await ask(tx));
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.answer;
    if (!(error instanceof postgres.PostgresError) || /^(08|53|57)/.test(error.code)) {
      throw new Refusal('Realtime was unable to connect to the project database');
    }
    if (error.code !== '42501') log(`realtime: a policy on realtime.messages failed: ${error.message}`);
  }
  return false;
}

async function become(tx: TransactionSql, claims: Claims, topic: string): Promise<void> {
  await tx`
    select set_config('role', ${claims.role}, true),
      set_config('realtime.topic', ${topic}, true),
      set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
      set_config('request.jwt.claim.sub', ${claims.sub ?? ''}, true),
      set_config('request.jwt.claim.role', ${claims.role}, true)`;
}
