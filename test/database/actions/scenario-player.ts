import { expect } from 'vitest';
import { publishWorkflow } from '../../../shared/client/index.ts';
import type { Json } from '../../../shared/errors.ts';
import { parseDuration } from '../../../shared/expression/index.ts';
import type { Scenario, Template } from '../../../templates/index.ts';
import { signUp, sql } from '../../support/platform.ts';

type Row = Record<string, Json>;
type Member = Awaited<ReturnType<typeof signUp>>;
type Write = { insert: string; as: string; row: Row } | { update: string; set: Row };

/** Plays a scenario on the running platform, everything done by one member through the Data API. */
export async function play(template: Template, scenario: Scenario): Promise<void> {
  const member = await signUp();
  const rows = new Map<string, Row & { table: string }>();
  for (const seed of scenario.seed ?? []) await write(member, rows, seed);
  const { workflowId } = await publishWorkflow(member.client, {
    organizationId: member.organizationId,
    definition: {
      ...template.definition,
      variables: { ...template.definition.variables, ...scenario.variables },
    },
    templateId: template.manifest.id,
  });
  for (const move of [scenario.start, ...(scenario.moves ?? [])]) {
    if (!('insert' in move || 'update' in move)) throw new Error(`Not played yet: ${JSON.stringify(move)}`);
    await write(member, rows, move);
    await untilEnded(workflowId);
  }
  await check(scenario, workflowId, rows);
}

async function write(member: Member, rows: Map<string, Row & { table: string }>, move: Write): Promise<void> {
  const update = 'update' in move;
  const table = update ? (rows.get(move.update)?.table ?? '') : move.insert;
  const values = resolve(
    update ? move.set : { ...move.row, organization_id: member.organizationId },
    rows,
  ) as Row;
  const query = update
    ? member.client
        .from(table)
        .update(values)
        .eq('id', String(rows.get(move.update)?.id))
    : member.client.from(table).insert(values);
  const { data, error } = await query.select().single();
  if (error) throw new Error(error.message);
  rows.set(update ? move.update : move.as, { ...data, table });
}

/** `@lead.id` is a column of a row, `@now-3d` a time; all else stays. */
function resolve(value: Json, rows: Map<string, Row>): Json {
  if (Array.isArray(value)) return value.map((item) => resolve(item, rows));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, rows)]));
  if (typeof value !== 'string' || !value.startsWith('@')) return value;
  if (value.startsWith('@now'))
    return new Date(Date.now() + (parseDuration(value.slice(4) || '0s') ?? 0)).toISOString();
  const [name = '', column = ''] = value.slice(1).split('.');
  return rows.get(name)?.[column] ?? null;
}

/** The event trigger starts executions inside the write's own transaction, so all are there at once. */
async function untilEnded(workflowId: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((wake) => setTimeout(wake, 50))) {
    const open =
      await sql`select from workflow_executions where workflow_id = ${workflowId} and finished_at is null`;
    if (open.length === 0) return;
  }
  throw new Error('The execution did not end within 20 s.');
}

async function check(
  { expect: expected }: Scenario,
  workflowId: string,
  rows: Map<string, Row>,
): Promise<void> {
  const executions = await sql`
    select id, status, error from workflow_executions where workflow_id = ${workflowId} order by id`;
  expect(executions).toHaveLength(expected.executions ?? 1);
  const last = executions.at(-1);
  if (expected.status) expect(last).toMatchObject({ status: expected.status });
  const runs = await sql`
    select step_id, status, output from workflow_execution_steps where execution_id = ${last?.id ?? null}`;
  const steps = Object.fromEntries(runs.map((run) => [run.step_id, run]));
  for (const [id, status] of Object.entries(expected.steps ?? {}))
    expect({ id, status: steps[id]?.status ?? 'absent' }).toEqual({ id, status });
  for (const [id, output] of Object.entries(expected.outputs ?? {}))
    expect(steps[id]?.output).toMatchObject(output as object);
  for (const { table, where, count = 1, values = {} } of expected.rows ?? []) {
    const filter = Object.entries(resolve(where, rows) as Row);
    const conditions = filter.map(([column, value]) => sql`and ${sql(column)} = ${value as string}`);
    const found =
      await sql`select to_jsonb(r) as row from ${sql(`public.${table}`)} r where true ${conditions}`;
    expect(found, table).toHaveLength(count);
    for (const { row } of found) expect(row).toMatchObject(values);
  }
}
