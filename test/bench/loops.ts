import { chain, claim, complete, outcome, publish, start } from '../support/engine.ts';
import { type Bench, quantile, reset, until } from './bench.ts';
import type { Row } from './report.ts';

const items = Array.from({ length: 1_000 }, (_, index) => index);
const longTail = Array.from({ length: 100 }, (_, index) => `tail${index}`);

const loop = (concurrency: number, ...tail: string[]) => ({
  steps: [
    {
      id: 'each',
      type: 'loop',
      items: 'input.items',
      as: 'item',
      concurrency,
      maxItems: 10_000,
      collect: false,
      steps: [{ id: 'body', type: 'transform', output: { $: 'item' } }],
    },
    ...chain(...tail),
  ],
});

/** What an item of a loop costs: of a thousand at once, of the last against the first, and after ten thousand. */
export async function measureLoops(bench: Bench): Promise<Row[]> {
  return [
    {
      name: 'loop of 1,000 no-op items, 20 at once, draining',
      value: await itemsPerSecond(bench),
      unit: 'items/s',
      target: { least: 1_500 },
    },
    {
      name: 'loop item 900 to 1,000 against 100 to 200',
      value: await marginalCost(bench),
      unit: 'times',
      target: { most: 1.2 },
    },
    {
      name: 'claim after 10,000 steps against a new execution',
      value: await claimAfter(bench, 5_000),
      unit: 'times',
      target: { most: 1.2 },
    },
  ];
}

/** Median of three runs. */
async function itemsPerSecond(bench: Bench): Promise<number> {
  const { sql } = bench;
  const workflow = await publish(sql, loop(20));
  await sql`update workflow.settings set steps_per_invocation = 20`;
  const rates: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    await reset(bench);
    const id = await start(sql, workflow, { items });
    await ended(bench, id);
    const [row] = await sql<{ seconds: number }[]>`
      select extract(epoch from finished_at - started_at)::float8 as seconds
      from public.workflow_execution_steps where execution_id = ${id} and path = 'each'`;
    rates.push(items.length / (row?.seconds ?? Number.NaN));
  }
  await sql`update workflow.settings set steps_per_invocation = default`;
  return quantile(rates, 0.5);
}

/** One item after the other, one step per invocation; median of three runs. */
async function marginalCost(bench: Bench): Promise<number> {
  const { sql } = bench;
  const workflow = await publish(sql, loop(1));
  const ratios: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    await reset(bench);
    const id = await start(sql, workflow, { items });
    await ended(bench, id);
    const [row] = await sql<{ ratio: number }[]>`
      with at as (
        select iteration, finished_at from public.workflow_execution_steps
          where execution_id = ${id} and type = 'iteration' and iteration in (99, 199, 899, 999)
      )
      select (extract(epoch from d.finished_at - c.finished_at) / extract(epoch from b.finished_at - a.finished_at))::float8 as ratio
      from at a, at b, at c, at d
      where (a.iteration, b.iteration, c.iteration, d.iteration) = (99, 199, 899, 999)`;
    ratios.push(row?.ratio ?? Number.NaN);
  }
  return quantile(ratios, 0.5);
}

/** Claims of the hundred steps after a loop of so many items with a step each, against those of a new execution. */
async function claimAfter(bench: Bench, count: number): Promise<number> {
  const { sql } = bench;
  await reset(bench);
  // Drives the claims itself: no wake-up may reach a worker.
  await sql`update workflow.settings set max_slots = 1`;
  await sql`update workflow.slots set token = gen_random_uuid(), expires_at = 'infinity' where id = 1`;
  const old = await start(sql, await publish(sql, loop(1, ...longTail)), {
    items: Array.from({ length: count }, () => 0),
  });
  let claimed = (await claim(sql, 1))[0];
  if (!claimed) throw new Error('The loop was not claimed.');
  const input = { items: Array.from({ length: count }, () => 0) };
  const [first] = await complete(
    sql,
    outcome(claimed, { status: 'waiting', input, fork: { concurrency: 1 } }),
  );
  claimed = first ?? (await claim(sql, 1))[0];
  while (claimed && claimed.path !== longTail[0]) {
    const [next] = await complete(sql, outcome(claimed));
    claimed = next ?? (await claim(sql, 1))[0];
  }
  if (!claimed) throw new Error('The loop did not end.');
  const after = await claimTimes(bench, claimed);
  const young = await start(sql, await publish(sql, { steps: chain(...longTail) }));
  claimed = (await claim(sql, 1))[0];
  if (claimed?.execution_id !== young) throw new Error(`Execution ${old} has not ended.`);
  const before = await claimTimes(bench, claimed);
  await sql`update workflow.slots set token = null, expires_at = '-infinity'`;
  await sql`update workflow.settings set max_slots = default`;
  return quantile(after, 0.5) / quantile(before, 0.5);
}

/** Milliseconds of each claim from this step to the end of its execution. */
async function claimTimes(
  { sql }: Bench,
  first: Awaited<ReturnType<typeof claim>>[number],
): Promise<number[]> {
  const times: number[] = [];
  for (let claimed: typeof first | undefined = first; claimed; ) {
    await complete(sql, outcome(claimed), 'queue');
    const startedAt = performance.now();
    [claimed] = await claim(sql, 1);
    if (claimed) times.push(performance.now() - startedAt);
  }
  return times;
}

const ended = ({ sql }: Bench, id: string) =>
  until(
    () => sql`
      select status in ('succeeded', 'failed') as done from public.workflow_executions where id = ${id}`,
    100,
  );
