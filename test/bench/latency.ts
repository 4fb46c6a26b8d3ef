import { start } from '../support/engine.ts';
import { type Bench, quantile, reset, until } from './bench.ts';
import type { Row } from './report.ts';

const rounds = 40;

/** One 10-step chain at a time with a worker awake: its whole time, and the time to its first step. */
export async function measureLatency(bench: Bench): Promise<Row[]> {
  const { sql, chain } = bench;
  await reset(bench);
  const total: number[] = [];
  const first: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const id = await start(sql, chain);
    await until(
      () => sql`select status = 'succeeded' as done from public.workflow_executions where id = ${id}`,
      5,
    );
    const [row] = await sql<{ total: number; first: number }[]>`
      select extract(epoch from e.finished_at - e.created_at)::float8 * 1000 as total,
        extract(epoch from s.started_at - e.created_at)::float8 * 1000 as first
      from public.workflow_executions e join public.workflow_execution_steps s on s.execution_id = e.id
      where e.id = ${id} order by s.id limit 1`;
    total.push(row?.total ?? Number.NaN);
    first.push(row?.first ?? Number.NaN);
  }
  return [
    {
      name: '10-step chain alone, worker awake, p50',
      value: quantile(total, 0.5),
      unit: 'ms',
      target: { most: 40 },
    },
    { name: '10-step chain alone, worker awake, p99', value: quantile(total, 0.99), unit: 'ms' },
    {
      name: 'start to first step (stand-in platform), p50',
      value: quantile(first, 0.5),
      unit: 'ms',
      target: { most: 25 },
    },
    { name: 'start to first step (stand-in platform), p99', value: quantile(first, 0.99), unit: 'ms' },
  ];
}
