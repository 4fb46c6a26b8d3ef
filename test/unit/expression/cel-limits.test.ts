import { expect, it } from 'vitest';
import { CEL_LIMITS, ExpressionError, evaluateCel } from '../../../shared/expression/index.ts';

const numbers = (length: number) => Array.from({ length }, (_, i) => i);
const code = (source: string, context = {}) => {
  try {
    evaluateCel(source, context);
  } catch (error) {
    return error instanceof ExpressionError ? error.code : error;
  }
  return undefined;
};

it('refuses matches() before anything is evaluated', () => {
  expect(code('false && input.a.matches("(a+)+$")')).toBe('function_refused');
  expect(code('input.list.exists(x, x.matches("a"))')).toBe('function_refused');
});

it('refuses json()', () => {
  expect(code('b"{}".json()')).toBe('function_refused');
});

it('allows two comprehensions inside one another', () => {
  expect(evaluateCel('l.map(a, l.map(b, a * b))', { l: [1, 2] })).toEqual([
    [1, 2],
    [2, 4],
  ]);
});

it('refuses three comprehensions inside one another', () => {
  expect(code('l.all(a, l.all(b, l.all(c, true)))', { l: [] })).toBe('expression_too_deep');
});

it('does not count comprehensions that follow one another', () => {
  expect(evaluateCel('l.filter(a, a > 1).map(a, a + 1).filter(a, a > 3)', { l: [1, 2, 3] })).toEqual([4]);
});

it('refuses to iterate over a list that is too long', () => {
  expect(code('l.all(x, x >= 0)', { l: numbers(CEL_LIMITS.listLength) })).toBeUndefined();
  expect(code('l.all(x, x >= 0)', { l: numbers(CEL_LIMITS.listLength + 1) })).toBe('list_too_long');
});

it('bounds the work of nested comprehensions', () => {
  expect(code('l.map(a, l.map(b, 1)).size()', { l: numbers(1000) })).toBe('too_many_iterations');
});

it('counts iterations for each evaluation anew', () => {
  const l = numbers(9000);
  for (let i = 0; i < 15; i++) expect(evaluateCel('l.exists(x, x == 8999)', { l })).toBe(true);
});

it('refuses lists and texts that grow too long', () => {
  expect(code('size(l + l)', { l: numbers(6000) })).toBe('list_too_long');
  expect(code('size(t + t)', { t: 'x'.repeat(600_000) })).toBe('string_too_long');
  expect(code('size(l.join(t))', { l: ['', '', ''], t: 'x'.repeat(600_000) })).toBe('string_too_long');
});

it('stops a text that doubles again and again', () => {
  const names = Array.from({ length: 22 }, (_, i) => `v${i}`);
  const doubling = names.reduceRight(
    (body, name, i) => `cel.bind(${name}, ${names[i - 1] ?? 't'} + ${names[i - 1] ?? 't'}, ${body})`,
    'size(v21)',
  );
  expect(code(doubling, { t: 'x' })).toBe('string_too_long');
});

it('refuses an expression that is too long', () => {
  expect(code(`1${' '.repeat(CEL_LIMITS.length)}`)).toBe('expression_too_long');
});

it('refuses a result that is too large', () => {
  const rows = numbers(2000).map(() => numbers(50).map(() => ({ a: 1, b: 2 })));
  expect(code('rows', { rows })).toBe('result_too_large');
});

it('has no function that evaluates text', () => {
  for (const source of ['eval("1")', 'Function("1")', 'x.eval("1")', 'parse("1")']) {
    expect(code(source, { x: 1 })).toBe('invalid_expression');
  }
});
