import { randomUUID } from 'node:crypto';
import { chain, publish } from '../support/engine.ts';
import { type Bench, reset } from './bench.ts';
import type { Row } from './report.ts';

/** What event triggers cost the statement that fires them. */
export async function measureEvents(bench: Bench): Promise<Row[]> {
  const { sql } = bench;
  await reset(bench);
  const [organization, other] = [randomUUID(), randomUUID()];
  await sql`create table public.bench_rows (id int primary key, organization_id uuid not null, amount int)`;
  const plain = await timed(() => insertRows(bench, 10_000, organization));
  await sql`truncate public.bench_rows`;
  await sql`select workflow.watch_table('public.bench_rows')`;
  const trigger = {
    type: 'event',
    table: 'bench_rows',
    events: ['insert'],
    filter: { field: 'record.amount', op: 'gte', value: 0 },
  };
  const workflow = await publish(sql, { trigger, steps: chain('step') }, other);
  const unmatched = await timed(() => insertRows(bench, 10_000, organization));
  await sql`truncate public.bench_rows`;
  await sql`update public.workflows set organization_id = ${organization}, status = 'paused' where id = ${workflow.id}`;
  await sql`update public.workflows set status = 'active' where id = ${workflow.id}`;
  const matched = await timed(() => insertRows(bench, 10_000, organization));
  await sql`update public.workflow_executions set status = 'cancelled' where status = 'queued'`;
  const crowd = await measureCrowd(bench);
  return [
    { name: '10,000 rows in one insert, table not watched', value: plain / 1000, unit: 's' },
    { name: '10,000 matching rows in one insert', value: matched / 1000, unit: 's', target: { most: 3 } },
    {
      name: 'watched table without a matching workflow, extra per row',
      value: (unmatched - plain) / 10_000,
      unit: 'ms',
      target: { most: 0.2 },
    },
    crowd,
  ];
}

/** 5,000 active workflows over 500 organisations on one table: one row at a time. */
async function measureCrowd(bench: Bench): Promise<Row> {
  const { sql } = bench;
  const organizations = Array.from({ length: 500 }, () => randomUUID());
  await sql`create table public.crowd (id int primary key, organization_id uuid not null, amount int)`;
  await sql`select workflow.watch_table('public.crowd')`;
  const filter = { field: 'record.amount', op: 'lt', value: 0 };
  const trigger = { type: 'event', table: 'crowd', events: ['insert'], filter };
  const { id } = await publish(sql, { trigger, steps: chain('step') });
  await sql`
    with copies as (
      insert into public.workflows (organization_id, name)
        select o, 'Crowd' from unnest(${organizations}::uuid[]) o, generate_series(1, 10) returning id
    )
    insert into public.workflow_versions (workflow_id, version, definition, plan)
      select c.id, 1, v.definition, v.plan from copies c, public.workflow_versions v where v.workflow_id = ${id}`;
  await sql`analyze workflow.event_triggers`;
  const times: number[] = [];
  for (let row = 0; row < 200; row += 1) {
    const organization = organizations[row % organizations.length] ?? '';
    times.push(await timed(() => sql`insert into public.crowd values (${row}, ${organization}, 1)`));
  }
  return {
    name: 'a row beside 5,000 workflows of 500 organisations, p50',
    value: times.sort((a, b) => a - b)[100] ?? Number.NaN,
    unit: 'ms',
  };
}

const insertRows = ({ sql }: Bench, count: number, organization: string) =>
  sql`insert into public.bench_rows select n, ${organization}, n from generate_series(1, ${count}::int) n`;

async function timed(work: () => PromiseLike<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
