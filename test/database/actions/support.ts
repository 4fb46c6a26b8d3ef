import { randomUUID } from 'node:crypto';
import type { TransactionSql } from 'postgres';
import { expect } from 'vitest';
import { type Connection, createDatabase, type Database } from '../../../shared/actions/database/facade.ts';
import type { ActionContext } from '../../../shared/actions/types.ts';
import type { Json } from '../../../shared/errors.ts';
import { actionStep } from '../../../shared/steps/action.ts';
import { sql } from '../../support/platform.ts';

type Row = { [key: string]: Json };

/** A user with these roles, by organisation. */
export async function member(roles: Record<string, string>): Promise<string> {
  const id = randomUUID();
  await sql`insert into auth.users (id, email) values (${id}, ${`${id}@example.com`})`;
  for (const [organization, role] of Object.entries(roles))
    await sql`insert into public.organization_members (organization_id, user_id, role)
      values (${organization}, ${id}, ${role})`;
  return id;
}

export async function organization(): Promise<string> {
  const [row] = await sql<
    { id: string }[]
  >`insert into public.organizations (name) values ('Test') returning id`;
  return row?.id ?? '';
}

/** Inserts past row-level security. */
export async function insert(table: string, row: object): Promise<Row> {
  const [written] = await sql`insert into ${sql(`public.${table}`)} ${sql(row as never)} returning *`;
  return written as Row;
}

/** A transaction as the worker opens it for a database action: claims and role of one user. */
export function asUser<T>(user: string, work: (db: Database, tx: TransactionSql) => Promise<T>): Promise<T> {
  return sql.begin(async (tx) => {
    const claims = JSON.stringify({ sub: user, role: 'authenticated' });
    await tx`select set_config('request.jwt.claims', ${claims}, true)`;
    await tx`set local role authenticated`;
    const result = await work(createDatabase(connectionOf(tx)), tx);
    await tx`set constraints all immediate`;
    return result;
  }) as Promise<T>;
}

function connectionOf(tx: TransactionSql): Connection {
  return {
    run: (text, parameters) => tx.unsafe(text, parameters as never[], { prepare: true }) as never,
    savepoint: (inside) => tx.savepoint((inner) => inside(connectionOf(inner))) as never,
  };
}

/** Who runs an action, and for which organisation. */
export interface Runner {
  user: string;
  organization: string;
  now?: Date;
}

/** Runs an action the way a step does: parameters evaluated and checked, result checked. */
export function run(runner: Runner, action: string, params: Row): Promise<Row> {
  return asUser(runner.user, (db) => runOn(db, runner, action, params));
}

export async function runOn(db: Database, runner: Runner, action: string, params: Row): Promise<Row> {
  const prepared = actionStep.prepare({ step: { action, params }, plan: {} as never, aliases: [] }, {});
  const outcome = await prepared.execute(contextOf(db, runner));
  return outcome.output as Row;
}

function contextOf(db: Database, runner: Runner): ActionContext {
  return {
    organizationId: runner.organization,
    executionId: randomUUID(),
    workflowId: randomUUID(),
    workflowVersion: 1,
    mode: 'live',
    stepRunId: randomUUID(),
    stepId: 'step',
    attempt: 1,
    now: runner.now ?? new Date(),
    signal: new AbortController().signal,
    // Nothing here sends.
    deliveries: {} as never,
    db,
  };
}

/** The error that an action ends with. */
export async function failure(
  result: Promise<unknown>,
): Promise<{ code: string; message: string; hint: string; path: string; retryable: boolean }> {
  const error = await result.then(
    () => expect.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  return error as never;
}
