import { Environment } from '@marcbachmann/cel-js';
import { registerNumbers } from './cel-numbers.ts';
import { ExpressionError } from './error.ts';
import { formatDuration, parseTimestamp } from './time.ts';

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';
const sync = { async: false };

/** The environment all expressions are parsed in: CEL with optional types, mixed numbers and Postgres' dates. */
export function createEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: {
      maxAstNodes: 2000,
      maxDepth: 50,
      maxListElements: 500,
      maxMapEntries: 200,
      maxCallArguments: 16,
    },
  });
  registerDates(environment);
  registerPeriods(environment);
  registerNumbers(environment);
  return environment;
}

function registerDates(environment: Environment): void {
  const compare: [string, (a: number, b: number) => boolean][] = [
    ['<', (a, b) => a < b],
    ['<=', (a, b) => a <= b],
    ['>', (a, b) => a > b],
    ['>=', (a, b) => a >= b],
  ];
  for (const [op, run] of compare) {
    const handler = (a: Date | string, b: Date | string) => run(toTime(a), toTime(b));
    environment.registerOperator(`${TIMESTAMP} ${op} string: bool`, handler);
    environment.registerOperator(`string ${op} ${TIMESTAMP}: bool`, handler);
  }
  environment.registerOperator(`${TIMESTAMP} == string: bool`, (a, b) => toTime(a) === toTime(b));
  environment.registerFunction(`date(string): ${TIMESTAMP}`, (text: string) => new Date(toTime(text)), sync);
  environment.registerFunction(`date(${TIMESTAMP}): ${TIMESTAMP}`, (value: Date) => value, sync);
  environment.registerFunction(`string(${TIMESTAMP}): string`, (value: Date) => value.toISOString(), sync);
  environment.registerFunction(
    `string(${DURATION}): string`,
    (value: object) => formatDuration(Number(value)),
    sync,
  );
}

function registerPeriods(environment: Environment): void {
  const sizes = { days: 86_400_000, hours: 3_600_000, minutes: 60_000 };
  for (const [name, size] of Object.entries(sizes)) {
    const period = (count: number | bigint) => durationOf(Number(count) * size);
    environment.registerFunction(`${name}(int): ${DURATION}`, period, sync);
    environment.registerFunction(`${name}(double): ${DURATION}`, period, sync);
    const whole = (milliseconds: number) => BigInt(Math.trunc(milliseconds / size));
    environment.registerFunction(`${name}(${DURATION}): int`, (value: object) => whole(Number(value)), sync);
    for (const from of ['string', TIMESTAMP]) {
      for (const to of ['string', TIMESTAMP]) {
        const between = (a: Date | string, b: Date | string) => whole(toTime(b) - toTime(a));
        environment.registerFunction(`${name}(${from}, ${to}): int`, between, sync);
      }
    }
  }
}

// The library exports no Duration, so one is had by subtracting two timestamps.
const difference = new Environment()
  .registerVariable('a', TIMESTAMP)
  .registerVariable('b', TIMESTAMP)
  .parse('a - b');

function durationOf(milliseconds: number): unknown {
  if (Number.isFinite(milliseconds) && Math.abs(milliseconds) <= 8.64e15) {
    return difference({ a: new Date(Math.round(milliseconds)), b: new Date(0) });
  }
  throw new ExpressionError({ code: 'expression_failed', message: 'The period is out of range' });
}

function toTime(value: Date | string): number {
  const time = value instanceof Date ? value.getTime() : parseTimestamp(value);
  if (time !== undefined) return time;
  throw new ExpressionError({
    code: 'invalid_timestamp',
    message: `${JSON.stringify(value)} is no date or timestamp`,
    hint: 'Write it as 2026-01-31 or 2026-01-31T09:00:00Z.',
  });
}
