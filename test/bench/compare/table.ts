import { availableParallelism, cpus } from 'node:os';
import type { Outcome } from './measure.ts';
import { unitOf } from './measure.ts';
import { type Measurement, measurements } from './shapes.ts';
import { figureOf, type Outcomes, type Ratio, ratiosOf } from './statistics.ts';

/** What the figures were measured under. */
export interface Conditions {
  executions: number;
  repetitions: number;
  /** Of the machine in the minute before. */
  load: number;
  settings: Record<string, string>;
  versions: Record<string, string>;
}

const firstWidth = 36;
const width = 26;
const write = (line = '') => process.stdout.write(`${line}\n`);
const short = (value: number) =>
  value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
const machine = () => `${availableParallelism()} × ${cpus()[0]?.model.trim()}, Node ${process.version}`;
const firstLine = (text: string) => text.split('\n')[0] ?? '';

/** Prints a table for people and one JSON line for machines. */
export function printTable(outcomes: Outcomes, conditions: Conditions): void {
  const { executions, repetitions, load, settings } = conditions;
  write();
  write(
    `${machine()}, Postgres ${settings.server_version}, fsync ${settings.fsync}, load before ${load.toFixed(1)}`,
  );
  write(`${repetitions} interleaved repetitions of ${executions} executions: median (least–most)`);
  write();
  write(''.padEnd(firstWidth) + measurements.map((each) => heading(each).padStart(width)).join(''));
  for (const [contender, outcome] of outcomes) {
    const version = conditions.versions[contender.packageName ?? ''];
    const title = version ? `${contender.title} ${version}` : contender.title;
    write(title.padEnd(firstWidth) + cells(outcome));
  }
  const ratios = ratiosOf(outcomes, measurements);
  printRatios(ratios);
  printNotes(outcomes);
  write();
  write(JSON.stringify({ machine: machine(), ...conditions, figures: figuresOf(outcomes), ratios }));
}

const heading = (measurement: Measurement) => `${measurement.title}, ${unitOf(measurement)}`;

function cells(outcome: Outcome): string {
  const figures = measurements.map((measurement) => figureOf(outcome, measurement));
  if (outcome.failure && figures.every((figure) => !figure))
    return `  not run: ${firstLine(outcome.failure)}`;
  return figures
    .map((figure) =>
      figure ? `${short(figure.median)} (${short(figure.least)}–${short(figure.most)})` : 'failed',
    )
    .map((cell) => cell.padStart(width))
    .join('');
}

function printRatios(ratios: Ratio[]): void {
  if (ratios.length === 0) return;
  write();
  write('How many times better (a latency: smaller)');
  for (const name of new Set(ratios.map((ratio) => ratio.name))) {
    const row = measurements.map(({ id }) => {
      const ratio = ratios.find((each) => each.name === name && each.measurement === id);
      return (ratio ? `${short(ratio.value)} × ${ratio.against}` : '').padStart(width);
    });
    write(name.padEnd(firstWidth) + row.join(''));
  }
}

function printNotes(outcomes: Outcomes): void {
  write();
  for (const [{ title, note }, { failure, samples }] of outcomes) {
    const ran = Object.keys(samples).length > 0;
    if (note && ran) write(note);
    if (failure && ran) write(`${title} did not finish: ${failure}`);
  }
  write('What is not equal between them: docs/benchmarks.md');
}

function figuresOf(outcomes: Outcomes) {
  return Object.fromEntries(
    [...outcomes].map(([{ id }, outcome]) => [
      id,
      {
        ...(outcome.failure && { failure: firstLine(outcome.failure) }),
        ...Object.fromEntries(
          measurements.flatMap((measurement) => {
            const figure = figureOf(outcome, measurement);
            return figure ? [[measurement.id, rounded({ ...figure })]] : [];
          }),
        ),
      },
    ]),
  );
}

const rounded = (values: Record<string, number>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toPrecision(4))]));
