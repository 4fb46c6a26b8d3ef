import { describe, expect, it } from 'vitest';
import {
  ExpressionError,
  evaluate,
  evaluateCondition,
  evaluateItems,
} from '../../../shared/expression/index.ts';

const context = {
  input: { name: 'Ada', list: [1, 2], code: '{{ input.name }}' },
  variables: { threshold: 70, rule: { $: '1 + 1' } },
  trigger: { record: { score: 80 }, old_record: { score: 60 } },
  now: '2026-11-23T12:00:00Z',
};
const failure = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof ExpressionError) return { code: error.code, path: error.path };
    throw error;
  }
  return undefined;
};

describe('values', () => {
  it('keep their type in { "$": … } and are text in Liquid', () => {
    expect(
      evaluate({ a: { $: 'input.list' }, b: '{{ variables.threshold }}', c: ['x', { $: '1 + 1' }] }, context),
    ).toEqual({
      a: [1, 2],
      b: '70',
      c: ['x', 2],
    });
  });

  it('are literal otherwise', () => {
    const literal = { text: 'input.name', number: 1, none: null, list: [true], price: { $: 'x', eur: 3 } };
    expect(evaluate(literal, context)).toEqual({ ...literal });
  });

  it('in { "$raw": … } are never evaluated', () => {
    expect(evaluate({ a: { $raw: { $: '1', b: '{{ x }}' } }, b: { $raw: null } }, context)).toEqual({
      a: { $: '1', b: '{{ x }}' },
      b: null,
    });
  });

  it('in { "$secret": … } stay for later', () => {
    expect(evaluate({ token: { $secret: 'KEY' } }, context)).toEqual({ token: { $secret: 'KEY' } });
  });

  it('that come from data are not evaluated again', () => {
    expect(evaluate([{ $: 'input.code' }, '{{ input.code }}', { $: 'variables.rule' }], context)).toEqual([
      '{{ input.name }}',
      '{{ input.name }}',
      { $: '1 + 1' },
    ]);
  });

  it('of template params reach the handler unrendered', () => {
    const params = { html: '<b>{{ name }}</b>', to: '{{ input.name }}' };
    expect(evaluate(params, context, { templates: new Set(['html']) })).toEqual({
      html: '<b>{{ name }}</b>',
      to: 'Ada',
    });
  });

  it('are escaped in html mode', () => {
    expect(evaluate({ body: '{{ input.x }}' }, { input: { x: '<i>' } }, { mode: 'html' })).toEqual({
      body: '&lt;i&gt;',
    });
  });

  it('with the key __proto__ stay data', () => {
    const result = evaluate(JSON.parse('{ "__proto__": { "x": 1 } }'), context) as object;
    expect(Object.keys(result)).toEqual(['__proto__']);
    expect('x' in result).toBe(false);
  });

  it('that fail are named by their path', () => {
    const params = { to: [{ address: '{{ input.mail }}' }] };
    expect(failure(() => evaluate(params, context, { path: 'params' }))).toEqual({
      code: 'missing_value',
      path: 'params.to[0].address',
    });
    expect(failure(() => evaluate({ 'a-b': { $: '1 +' } }, context))).toEqual({
      code: 'invalid_expression',
      path: '["a-b"]',
    });
    expect(failure(() => evaluate({ a: { $: 1 } }, context))).toEqual({
      code: 'invalid_expression',
      path: 'a',
    });
  });
});

describe('conditions', () => {
  it('are CEL as a bare string or in { "$": … }', () => {
    expect(evaluateCondition('variables.threshold > 60', context)).toBe(true);
    expect(evaluateCondition({ $: 'variables.threshold > 70' }, context)).toBe(false);
  });

  it('are rule trees over the trigger, the variables and steps', () => {
    const rule = {
      all: [
        { field: 'record.score', op: 'changed' },
        { field: 'trigger.record.score', op: 'gt', ref: 'old_record.score' },
      ],
    } as const;
    expect(evaluateCondition(rule as never, context)).toBe(true);
    expect(evaluateCondition({ field: 'record.score', op: 'gte', ref: 'variables.threshold' }, context)).toBe(
      true,
    );
  });

  it('count periods from the clock of the context', () => {
    const rule = { field: 'input.at', op: 'after', value: { now: '-1d' } } as const;
    expect(evaluateCondition(rule, { input: { at: '2026-11-22T13:00:00Z' }, now: context.now })).toBe(true);
    expect(
      evaluateCondition(rule, { input: { at: '2026-11-22T11:00:00Z' }, now: new Date(context.now) }),
    ).toBe(false);
  });

  it.each(['1', '"true"', 'null', '[true]', 'input.name', 'input?.nope'])(
    'that give %s are errors',
    (source) => {
      expect(failure(() => evaluateCondition(source, context, 'if'))).toEqual({
        code: 'condition_not_boolean',
        path: 'if',
      });
    },
  );

  it('that are no rule tree are errors', () => {
    expect(failure(() => evaluateCondition({ field: 'x', op: 'like' } as never, context, 'when'))).toEqual({
      code: 'invalid_rule',
      path: 'when',
    });
  });
});

describe('items', () => {
  it('are CEL that gives a list', () => {
    expect(evaluateItems('input.list', context)).toEqual([1, 2]);
    expect(evaluateItems({ $: 'input.list.map(x, x * 2)' }, context)).toEqual([2, 4]);
  });

  it('are a list whose elements may hold expressions', () => {
    expect(evaluateItems(['a', { $: 'input.name' }, '{{ variables.threshold }}'], context)).toEqual([
      'a',
      'Ada',
      '70',
    ]);
  });

  it.each(['input.name', '{"a": 1}', 'null'])('%s are no list', (source) => {
    expect(failure(() => evaluateItems(source, context))).toEqual({ code: 'items_not_list', path: 'items' });
  });
});
