import type { Environment } from '@marcbachmann/cel-js';
import { ExpressionError } from './error.ts';

type Numeric = number | bigint;
const sync = { async: false };

/** Registers arithmetic on mixed numbers and the functions round, floor, ceil, abs, min, max and sum. */
export function registerNumbers(environment: Environment): void {
  registerMixed(environment);
  const single: Record<string, (value: number) => number> = {
    round: (value) => roundTo(value, 0),
    floor: Math.floor,
    ceil: Math.ceil,
    abs: Math.abs,
  };
  for (const [name, run] of Object.entries(single)) {
    environment.registerFunction(`${name}(double): double`, run, sync);
    environment.registerFunction(`${name}(int): int`, (value: bigint) => BigInt(run(Number(value))), sync);
  }
  for (const type of ['int', 'double']) {
    const round = (value: Numeric, digits: bigint) => roundTo(Number(value), Number(digits));
    environment.registerFunction(`round(${type}, int): double`, round, sync);
    for (const other of ['int', 'double']) {
      const least = (a: Numeric, b: Numeric) => Math.min(Number(a), Number(b));
      const greatest = (a: Numeric, b: Numeric) => Math.max(Number(a), Number(b));
      environment.registerFunction(`min(${type}, ${other}): double`, least, sync);
      environment.registerFunction(`max(${type}, ${other}): double`, greatest, sync);
    }
  }
  environment.registerFunction('sum(list): double', sum, sync);
}

// JSON knows doubles only, and CEL literals are integers: without these `record.score + 1` has no overload.
function registerMixed(environment: Environment): void {
  const arithmetic: Record<string, (a: number, b: number) => number> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  };
  for (const [op, run] of Object.entries(arithmetic)) {
    const handler = (a: Numeric, b: Numeric) => run(Number(a), Number(b));
    environment.registerOperator(`int ${op} double: double`, handler);
    environment.registerOperator(`double ${op} int: double`, handler);
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % b);
}

// Through the decimal text: 1.005 rounds to 1.01, which 1.005 * 100 does not.
function roundTo(value: number, digits: number): number {
  const shifted = shift(Math.abs(value), digits);
  return Number.isFinite(shifted) ? Math.sign(value) * shift(Math.round(shifted), -digits) : value;
}

function shift(value: number, digits: number): number {
  const [mantissa, exponent = '0'] = String(value).split('e');
  return Number(`${mantissa}e${Number(exponent) + digits}`);
}

function sum(values: unknown[]): number {
  let total = 0;
  for (const value of values) {
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      throw new ExpressionError({
        code: 'expression_failed',
        message: 'sum() takes a list of numbers',
        hint: 'Leave the others out with filter().',
      });
    }
    total += Number(value);
  }
  return total;
}
