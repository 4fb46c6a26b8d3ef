/** Measures the engine on a platform of its own: `npm run bench:engine`. Prints a table and one JSON line. */
import { parseArgs } from 'node:util';
import { closeBench, openBench } from './bench.ts';
import { measureBulk } from './bulk.ts';
import { measureEvents } from './events.ts';
import { measureLatency } from './latency.ts';
import { measureLoops } from './loops.ts';
import { measureMemory } from './memory.ts';
import { print, type Row } from './report.ts';
import { measureThroughput } from './throughput.ts';

const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '300' },
    repetitions: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

async function main(): Promise<void> {
  const bench = await openBench();
  try {
    const executions = Number(values.executions);
    const repetitions = Number(values.repetitions);
    const rows: Row[] = [
      ...(await measureThroughput(bench, { executions, repetitions })),
      ...(await measureLatency(bench)),
      ...(await measureLoops(bench)),
      ...(await measureEvents(bench)),
      ...(await measureBulk(bench)),
      ...measureMemory(bench),
    ];
    print(rows);
  } finally {
    await closeBench(bench);
  }
}

if (values.help) {
  process.stdout.write(`Measures throughput, latency, loops, event triggers, bulk writes and memory of the engine.

  npm run bench:engine -- [options]

  --executions <n>    10-step executions per throughput run (default: 300)
  --repetitions <n>   runs per setting; the median counts (default: 3)
  --help              this text
`);
} else {
  await main();
}
