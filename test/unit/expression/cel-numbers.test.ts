import { expect, it } from 'vitest';
import { evaluateCel } from '../../../shared/expression/index.ts';

const row = { n: 5, half: 0.5, zero: 0, list: [1, 2.5, 3] };
const run = (source: string) => evaluateCel(source, { row });

it.each([
  ['row.n + 1', 6],
  ['1 + row.n', 6],
  ['row.n - 1', 4],
  ['row.n * 2', 10],
  ['row.n / 2', 2.5],
  ['7 / row.half', 14],
  ['row.n % 2', 1],
  ['7 % row.n', 2],
  ['row.n % row.n', 0],
  ['-row.n', -5],
  ['7 / 2', 3],
  ['1 + 1.5', 2.5],
])('%s is %d', (source, result) => {
  expect(run(source)).toBe(result);
});

it.each([
  'row.n == 5',
  'row.n >= 5',
  'row.n in [1, 5]',
  '5 in row.list || row.list[0] == 1',
  'row.list[row.zero] == 1',
  'row.list.exists(x, x == 3)',
])('%s is true', (source) => {
  expect(run(source)).toBe(true);
});

it('gives numbers and no BigInt', () => {
  expect(run('size(row.list)')).toBe(3);
  expect(run('[1, {"a": 2}]')).toEqual([1, { a: 2 }]);
});

it('calls a division by zero an error', () => {
  expect(() => run('row.n / row.zero')).toThrow(/JSON cannot hold/);
  expect(() => run('1 / 0')).toThrow(/division by zero/);
});

it.each([
  ['round(1.005, 2)', 1.01],
  ['round(2.5)', 3],
  ['round(-2.5)', -3],
  ['round(1234, 0)', 1234],
  ['round(1e21, 2)', 1e21],
  ['round(0.00000012345, 8)', 0.00000012],
  ['floor(row.half)', 0],
  ['ceil(row.half)', 1],
  ['abs(-row.n)', 5],
  ['abs(-3)', 3],
  ['min(row.n, 3)', 3],
  ['max(1, 2)', 2],
  ['sum(row.list)', 6.5],
  ['sum([])', 0],
])('%s is %d', (source, result) => {
  expect(run(source)).toBe(result);
});

it('sum refuses what is no number', () => {
  expect(() => evaluateCel('sum(l)', { l: [1, '2'] })).toThrow(/numbers/);
});
