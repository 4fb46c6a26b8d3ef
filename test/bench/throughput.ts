import { type Bench, quantile, reset, stepsPerExecution, until } from './bench.ts';
import type { Row } from './report.ts';

interface Run {
  stepsPerSecond: number;
  commitsPerStep: number;
}

const settings = [
  { name: 'one step per invocation', size: 1, target: 700, commits: 1.25 },
  { name: 'draining in sets of 20', size: 20, target: 3_000, commits: 0.25 },
];

/** Steps per second with 20 executions at a time, and what they cost in commits. */
export async function measureThroughput(
  bench: Bench,
  { executions, repetitions }: { executions: number; repetitions: number },
): Promise<Row[]> {
  const runs = new Map<string, Run[]>(settings.map(({ name }) => [name, []]));
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const { name, size } of settings) {
      const run = await runChains(bench, executions * (size > 1 ? 4 : 1), size);
      process.stderr.write(`${name}: ${Math.round(run.stepsPerSecond)} steps/s\n`);
      runs.get(name)?.push(run);
    }
  }
  return settings.flatMap(({ name, target, commits }) => {
    const own = runs.get(name) ?? [];
    return [
      {
        name: `10-step no-op chain, 20 at once, ${name}`,
        value: quantile(
          own.map(({ stepsPerSecond }) => stepsPerSecond),
          0.5,
        ),
        unit: 'steps/s',
        target: { least: target },
      },
      {
        name: `commits per step, reading ones included, ${name}`,
        value: quantile(
          own.map(({ commitsPerStep }) => commitsPerStep),
          0.5,
        ),
        unit: '',
        target: { most: commits },
      },
    ];
  });
}

async function runChains(bench: Bench, executions: number, size: number): Promise<Run> {
  const { sql, chain } = bench;
  await sql`update workflow.settings set steps_per_invocation = ${size}, max_in_flight = 20`;
  await reset(bench);
  const before = await commits(bench);
  let polls = 1;
  await sql`insert into public.workflow_executions (workflow_id)
    select ${chain.id} from generate_series(1, ${executions}::int)`;
  await until(() => {
    polls += 1;
    return sql`select not exists (
      select from public.workflow_executions where status in ('queued', 'running')) as done`;
  });
  const [span] = await sql<{ seconds: number }[]>`
    select extract(epoch from max(finished_at) - min(started_at))::float8 as seconds from public.workflow_executions`;
  const steps = executions * stepsPerExecution;
  const spent = (await commits(bench)) - before - polls;
  await sql`update workflow.settings set steps_per_invocation = default, max_in_flight = default`;
  return { stepsPerSecond: steps / (span?.seconds ?? Number.NaN), commitsPerStep: spent / steps };
}

async function commits({ sql }: Bench): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select xact_commit::float8 as count from pg_stat_database where datname = current_database()`;
  return row?.count ?? 0;
}
