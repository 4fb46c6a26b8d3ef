import { publish, start } from '../support/engine.ts';
import { runAsMember } from '../support/worker.ts';
import { type Bench, quantile, reset, until } from './bench.ts';
import type { Row } from './report.ts';

const rows = Array.from({ length: 5_000 }, (_, n) => ({
  name: `Lead ${n}`,
  email: `lead${n}@example.com`,
  company: 'Acme',
  score: n % 100,
  custom: { n },
}));

/** What a bulk action takes from its claim to its commit; median of three runs. */
export async function measureBulk(bench: Bench): Promise<Row[]> {
  const { sql } = bench;
  const params = { entity: 'leads', rows: { $: 'input.rows' } };
  const workflow = await publish(sql, {
    steps: [{ id: 'create', type: 'action', action: 'bulkCreate', params }],
  });
  await runAsMember(sql, workflow);
  const seconds: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    await reset(bench);
    const id = await start(sql, workflow, { rows });
    await until(
      () =>
        sql`select status in ('succeeded', 'failed') as done from public.workflow_executions where id = ${id}`,
      100,
    );
    const [row] = await sql<{ seconds: number; error: unknown }[]>`
      select extract(epoch from finished_at - started_at)::float8 as seconds, error
      from public.workflow_execution_steps where execution_id = ${id}`;
    if (row?.error) throw new Error(JSON.stringify(row.error));
    seconds.push(row?.seconds ?? Number.NaN);
  }
  return [
    {
      name: 'bulkCreate of 5,000 rows in one step',
      value: quantile(seconds, 0.5),
      unit: 's',
      target: { most: 2 },
    },
  ];
}
