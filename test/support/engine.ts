import { randomUUID } from 'node:crypto';
import type { Sql, TransactionSql } from 'postgres';
import type { Claim, Outcome } from '../../functions/worker/claim.ts';
import { actionCatalog } from '../../shared/actions/registry.ts';
import { compile } from '../../shared/definition/index.ts';

/** The vocabulary of the state machine's tests: the engine driven by hand, without a worker. */

export interface TestWorkflow {
  id: string;
  organizationId: string;
}

/** Publishes a definition under the service role in an organisation of its own. */
export async function publish(
  sql: Sql,
  definition: Record<string, unknown>,
  organizationId: string = randomUUID(),
) {
  const compiled = compile(
    { name: 'Test', trigger: { type: 'manual' }, ...definition },
    { actions: actionCatalog },
  );
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors, null, 2));
  const [workflow] = await sql<{ id: string }[]>`
    insert into public.workflows (organization_id, name) values (${organizationId}, 'Test') returning id`;
  if (!workflow) throw new Error('no workflow');
  await sql`insert into public.workflow_versions (workflow_id, version, definition, plan)
    values (${workflow.id}, 1, ${sql.json(compiled.definition as never)}, ${sql.json(compiled.plan as never)})`;
  return { id: workflow.id, organizationId } satisfies TestWorkflow;
}

/** A chain of transforms with these ids. */
export const chain = (...ids: string[]) => ids.map((id) => ({ id, type: 'transform', output: id }));

export async function start(
  sql: Sql | TransactionSql,
  workflow: TestWorkflow,
  input: object = {},
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    select workflow.start(${workflow.id}::uuid, ${sql.json(input as never)}) as id`;
  return row?.id ?? '';
}

export async function claim(sql: Sql | TransactionSql, limit = 1): Promise<Claim[]> {
  const [row] = await sql<{ claims: Claim[] }[]>`select workflow.claim_steps(${limit}) as claims`;
  return row?.claims ?? [];
}

/** The only claim there is to be had. */
export async function claimOne(sql: Sql | TransactionSql): Promise<Claim> {
  const claims = await claim(sql, 10);
  if (claims.length !== 1) throw new Error(`Expected one claim, got ${claims.length}.`);
  return claims[0] as Claim;
}

export function outcome(claimed: Claim, result: Partial<Outcome> = {}): Outcome {
  const { strand_id, step_run_id, token } = claimed;
  return { strand_id, step_run_id, token, status: 'succeeded', ...result };
}

export async function complete(
  sql: Sql | TransactionSql,
  outcomes: Outcome | Outcome[],
  take: 'claim' | 'queue' = 'claim',
): Promise<Claim[]> {
  const set = Array.isArray(outcomes) ? outcomes : [outcomes];
  const [row] = await sql<{ claims: Claim[] }[]>`
    select workflow.complete_steps(${sql.json(set as never)}, ${take}) as claims`;
  return row?.claims ?? [];
}

/** An outcome that failed. */
export const failure = (claimed: Claim, error: Record<string, unknown> = {}) =>
  outcome(claimed, {
    status: 'failed',
    error: { code: 'broken', message: 'It broke.', retryable: false, ...error } as never,
  });

export async function execution(sql: Sql, id: string) {
  const [row] = await sql`select * from public.workflow_executions where id = ${id}`;
  if (!row) throw new Error(`no execution ${id}`);
  return row;
}

/** Statuses of an execution's step runs by path, in the order of their creation. */
export async function statuses(sql: Sql, id: string): Promise<Record<string, string>> {
  const rows = await sql<{ path: string; status: string }[]>`
    select path, status from public.workflow_execution_steps where execution_id = ${id} order by id`;
  return Object.fromEntries(rows.map(({ path, status }) => [path, status]));
}

/** Moves the engine's clock. */
export async function advance(sql: Sql, interval: string): Promise<void> {
  await sql`update workflow.settings set clock_offset = clock_offset + ${interval}::interval`;
}

/** Ends every lease, as time would. */
export async function loseLeases(sql: Sql): Promise<void> {
  await sql`update workflow.leases set expires_at = clock_timestamp() - interval '1 second'`;
  await sql`select workflow.set_visible(msg_id, 0) from workflow.leases`;
}

/** What an ended execution must not leave behind. */
export async function leftovers(sql: Sql) {
  const [row] = await sql<{ strands: number; leases: number; timers: number; messages: number }[]>`
    select (select count(*)::int from workflow.strands) as strands, (select count(*)::int from workflow.leases) as leases,
      (select count(*)::int from workflow.timers) as timers, (select count(*)::int from (select from pgmq.q_workflow union all select from pgmq.q_workflow_bulk) m) as messages`;
  return row;
}
