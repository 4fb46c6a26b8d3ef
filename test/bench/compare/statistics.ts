import { quantile } from '../bench.ts';
import type { Contender } from './contenders.ts';
import type { Outcome } from './measure.ts';
import type { Measurement } from './shapes.ts';

/** What the repetitions come to. */
export interface Figure {
  median: number;
  least: number;
  most: number;
  /** Latencies only: the median of the repetitions' 99th percentiles. */
  p99?: number;
}

export type Outcomes = Map<Contender, Outcome>;

/** Nothing when there are no samples. */
export function figureOf(outcome: Outcome | undefined, { id }: Measurement): Figure | undefined {
  const samples = outcome?.samples[id] ?? [];
  if (samples.length === 0) return undefined;
  const values = samples.map(({ value }) => value);
  const tails = samples.flatMap(({ p99 }) => p99 ?? []);
  return {
    median: quantile(values, 0.5),
    least: Math.min(...values),
    most: Math.max(...values),
    ...(tails.length > 0 && { p99: quantile(tails, 0.5) }),
  };
}

/** How many times better than the other; a latency is better when it is smaller. */
export interface Ratio {
  name: string;
  measurement: string;
  value: number;
  /** The contender it was compared with. */
  against: string;
}

const better = ({ concurrency }: Measurement, figure: Figure) =>
  concurrency === 1 ? 1 / figure.median : figure.median;

/** Our engine over the best peer, the best peer on Postgres where that is another one, and the ceiling. */
export function ratiosOf(outcomes: Outcomes, measurements: Measurement[]): Ratio[] {
  const contenders = [...outcomes.keys()];
  const peers = contenders.filter(({ kind }) => kind === 'peer');
  const groups = [
    { name: 'best peer', among: peers },
    { name: 'best peer on Postgres', among: peers.filter(({ elsewhere }) => !elsewhere) },
  ];
  return measurements.flatMap((measurement) => {
    const score = (contender: Contender) => {
      const figure = figureOf(outcomes.get(contender), measurement);
      return figure ? better(measurement, figure) : 0;
    };
    const best = (among: Contender[]) => [...among].sort((a, b) => score(b) - score(a))[0];
    const ours = contenders.filter(({ kind }) => kind === 'ours');
    return ours.flatMap((own) => {
      const ceiling = contenders.filter(
        ({ kind, options }) => kind === 'bare' && options.batch === own.options.stepsPerInvocation,
      );
      const named = [...groups, { name: 'bare ceiling', among: ceiling }].map(({ name, among }) => ({
        name: `${own.id} / ${name}`,
        rival: best(among),
      }));
      return named
        .filter(({ rival }, index) => named.findIndex((other) => other.rival === rival) === index)
        .flatMap(({ name, rival }) =>
          rival && score(rival) > 0 && score(own) > 0
            ? [{ name, measurement: measurement.id, value: score(own) / score(rival), against: rival.id }]
            : [],
        );
    });
  });
}
