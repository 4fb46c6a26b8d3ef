import { availableParallelism, cpus } from 'node:os';

/** One measured figure. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  /** What it should be: at least or at most this much. */
  target?: { least?: number; most?: number };
}

const round = (value: number) => Number(value.toPrecision(3));

/** Prints a table for people and one JSON line for machines. */
export function print(rows: Row[]): void {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim()}, Node ${process.version}, fsync on`;
  process.stdout.write(`\n${machine}\n\n`);
  for (const { name, value, unit, target } of rows) {
    const goal =
      target?.least !== undefined
        ? `≥ ${target.least}`
        : target?.most !== undefined
          ? `≤ ${target.most}`
          : '';
    const met = value >= (target?.least ?? -Infinity) && value <= (target?.most ?? Infinity);
    process.stdout.write(
      `${name.padEnd(58)} ${String(round(value)).padStart(9)} ${unit.padEnd(9)} ${goal.padEnd(9)} ${goal && (met ? 'met' : 'missed')}\n`,
    );
  }
  const figures = Object.fromEntries(rows.map(({ name, value }) => [name, round(value)]));
  process.stdout.write(`\n${JSON.stringify({ machine, figures })}\n`);
}
