import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quantile } from '../bench.ts';
import { type ChildPeer, startChild } from './child.ts';
import type { Contender } from './contenders.ts';
import type { Run } from './peer.ts';
import type { BenchServer } from './server.ts';
import { atOnce, type Measurement, measurements } from './shapes.ts';

/** One run's figure: steps per second, or the median of its latencies in milliseconds. */
export interface Sample {
  value: number;
  p99?: number;
}

/** What came of a contender: its samples by measurement, or why there are none (any more). */
export interface Outcome {
  samples: Record<string, Sample[]>;
  failure?: string;
}

export interface Bench {
  server: BenchServer;
  executions: number;
  say(line: string): void;
  /** Told of every child, so that a signal can end it. */
  onChild(child: ChildPeer | undefined): void;
}

const benchDir = fileURLToPath(new URL('..', import.meta.url));
/**
 * One repetition of everything for one contender, which has the machine for itself: its process is
 * started for it and ended afterwards, its database made and dropped.
 */
export async function measureOnce(bench: Bench, contender: Contender, outcome: Outcome): Promise<void> {
  const { server } = bench;
  const database = `bench_${contender.id}`;
  const child = startChild(join(benchDir, contender.module), contender.options);
  bench.onChild(child);
  try {
    const url = contender.kind === 'ours' ? server.url : await server.createDatabase(database, contender);
    await child.setup(url);
    for (const { shape } of measurements) await child.run(shape, atOnce, atOnce);
    for (const measurement of measurements) {
      const sample = await runChecked(bench, contender, child, measurement, url);
      outcome.samples[measurement.id] = [...(outcome.samples[measurement.id] ?? []), sample];
    }
    await child.close();
  } catch (error) {
    outcome.failure = (error as Error).message;
  } finally {
    await child.stop();
    bench.onChild(undefined);
    if (contender.kind !== 'ours') await server.dropDatabase(database);
  }
}

async function runChecked(
  { server, executions, say }: Bench,
  { title, scale }: Contender,
  child: ChildPeer,
  measurement: Measurement,
  url: string,
): Promise<Sample> {
  const { shape, concurrency, share } = measurement;
  const count = Math.ceil(executions * share * (concurrency === 1 ? 1 : scale));
  const before = await server.countRows(url);
  const run = await child.run(shape, count, concurrency);
  const written = (await server.countRows(url)) - before;
  const expected = shape.writes ? count * shape.steps : 0;
  if (written !== expected) throw new Error(`${written} rows were written where ${expected} were due`);
  const sample = sampleOf(run, count * shape.steps);
  say(`${title}: ${measurement.title} ${Math.round(sample.value)} ${unitOf(measurement)}`);
  return sample;
}

const sampleOf = ({ seconds, latencies }: Run, steps: number): Sample =>
  latencies.length > 0
    ? { value: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
    : { value: steps / seconds };

export const unitOf = ({ concurrency }: Measurement) => (concurrency === 1 ? 'ms' : 'steps/s');
