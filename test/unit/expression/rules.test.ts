import { describe, expect, it } from 'vitest';
import { checkRule, ExpressionError, evaluateRule } from '../../../shared/expression/index.ts';
import vectors from '../../vectors/rules.json' with { type: 'json' };

describe('vectors', () => {
  for (const { name, rule, context, matches, error } of vectors.cases as {
    name: string;
    rule: never;
    context: Record<string, unknown>;
    matches?: boolean;
    error?: string;
  }[]) {
    it(name, () => {
      const run = () => evaluateRule(rule, context, new Date(vectors.now));
      if (error === undefined) return expect(run()).toBe(matches);
      expect(run).toThrow(ExpressionError);
      expect(run).toThrow(expect.objectContaining({ code: error }));
    });
  }

  it('are enough and each has a name of its own', () => {
    expect(vectors.cases.length).toBeGreaterThanOrEqual(150);
    expect(new Set(vectors.cases.map(({ name }) => name)).size).toBe(vectors.cases.length);
  });
});

describe('before publishing', () => {
  const paths = (rule: unknown) => checkRule(rule, 'filter').map(({ path }) => path);
  const leaf = (op: string, value?: unknown) => ({
    field: 'record.x',
    op,
    ...(value === undefined ? {} : { value }),
  });

  it.each([
    leaf('eq', 1),
    leaf('in', ['a']),
    leaf('before', { now: '-3d' }),
    leaf('after', '2026-01-01'),
    leaf('isNull'),
    leaf('isEmpty', false),
    leaf('changed'),
    leaf('contains', 'a'),
    leaf('startsWith', 'a'),
    leaf('gte', 'a'),
    { field: 'record.x', op: 'gt', ref: 'old_record.x' },
    { all: [] },
    { not: { any: [leaf('eq', 1)] } },
  ])('%j is right', (rule) => {
    expect(checkRule(rule)).toEqual([]);
  });

  it.each([
    [leaf('eq'), 'filter.value'],
    [leaf('eq', null), 'filter.value'],
    [leaf('eq', { $: 'x' }), 'filter.value'],
    [leaf('like', 'x'), 'filter.op'],
    [leaf('in', 'a'), 'filter.value'],
    [leaf('notIn', ['a', null]), 'filter.value'],
    [leaf('before', 'tomorrow'), 'filter.value'],
    [leaf('after', { now: 'soon' }), 'filter.value'],
    [leaf('before', 5), 'filter.value'],
    [leaf('gt', true), 'filter.value'],
    [leaf('contains', ['a']), 'filter.value'],
    [leaf('endsWith', 5), 'filter.value'],
    [leaf('isNull', 'yes'), 'filter.value'],
    [{ ...leaf('eq', 1), ref: 'variables.x' }, 'filter.ref'],
    [{ ...leaf('isNull'), ref: 'variables.x' }, 'filter.ref'],
    [{ ...leaf('eq', 1), vlaue: 1 }, 'filter.vlaue'],
    [{ field: 'variables.x', op: 'changed' }, 'filter.field'],
    [{ field: '', op: 'eq', value: 1 }, 'filter.field'],
    [{ any: [] }, 'filter.any'],
    [{ all: [leaf('eq', 1), 5] }, 'filter.all[1]'],
    [{ all: [], any: [] }, 'filter'],
    [{ none: [] }, 'filter'],
    [[], 'filter'],
  ])('%j is wrong', (rule, path) => {
    expect(paths(rule)).toEqual([path]);
  });

  it('reports everything at once', () => {
    expect(paths({ all: [leaf('like', 1), { not: leaf('in', 'a') }] })).toEqual([
      'filter.all[0].op',
      'filter.all[1].not.value',
    ]);
  });

  it('refuses trees that are too deep or too large', () => {
    const deep = Array.from({ length: 9 }).reduce<unknown>((inner) => ({ not: inner }), leaf('eq', 1));
    expect(checkRule(deep)[0]?.message).toMatch(/deep/);
    expect(checkRule({ all: Array(101).fill(leaf('eq', 1)) })[0]?.message).toMatch(/100/);
  });
});
