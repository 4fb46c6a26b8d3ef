import { describe, expect, it } from 'vitest';
import { problems, step } from './support.ts';

const output = (value: unknown) => problems([step('a', { output: value })]);

describe('refused at publish is', () => {
  it.each([
    ['CEL that does not parse', { $: '1 +' }, 'invalid_expression'],
    ['CEL whose types do not fit', { $: '1 + "a"' }, 'invalid_expression'],
    ['CEL with a function nobody knows', { $: 'frobnicate(1)' }, 'invalid_expression'],
    ['CEL with matches()', { $: 'input.x.matches("a")' }, 'function_refused'],
    [
      'comprehensions that nest too deep',
      { $: '[1].all(a, [1].all(b, [1].all(c, true)))' },
      'expression_too_deep',
    ],
    ['Liquid that does not parse', '{{ input.x', 'invalid_template'],
    ['Liquid with an unknown filter', '{{ input.x | frobnicate }}', 'invalid_template'],
    ['Liquid with an unknown tag', '{% frobnicate %}', 'invalid_template'],
    ['Liquid that loads another template', '{% include "x" %}', 'invalid_template'],
    ['CEL that is no text', { $: 1 }, 'invalid_expression'],
    ['$ beside other keys', { $: '1', x: 2 }, 'mixed_expression'],
    ['a secret where none is filled in', { $secret: 'KEY' }, 'secret_not_allowed'],
  ])('%s', (_, value, code) => {
    expect(output(value)).toEqual([`steps[0].output ${code}`]);
  });

  it('names the place inside of a value', () => {
    expect(output({ a: ['x', { b: { $: '1 +' } }] })).toEqual(['steps[0].output.a[1].b invalid_expression']);
  });
});

it('leaves what is raw alone', () => {
  expect(output({ $raw: { $: '1 +', b: '{{ x' } })).toEqual([]);
});

it('lets secrets into headers, query and body of http steps', () => {
  const http = {
    id: 'h',
    type: 'http',
    url: 'https://example.com',
    headers: { authorization: { $secret: 'KEY' } },
    query: { k: { $secret: 'KEY' } },
    body: { $secret: 'KEY' },
  };
  expect(problems([http])).toEqual([]);
  expect(problems([{ ...http, headers: { a: { $secret: 'no name' } } }])).toEqual([
    'steps[0].headers.a invalid_secret',
  ]);
});

describe('conditions', () => {
  const condition = (value: unknown) =>
    problems([{ id: 'c', type: 'condition', if: value, then: [step('a')] }]);

  it.each([
    'true',
    'input.x',
    'input.x > 1',
    { $: 'has(input.x)' },
    { field: 'input.x', op: 'isNull' },
    { all: [] },
  ])('may be %j', (value) => {
    expect(condition(value)).toEqual([]);
  });

  it.each(['"text"', '1 + 1', '[true]', { $: 'size(input.x)' }])('may not be %j', (value) => {
    expect(condition(value)).toEqual(['steps[0].if condition_not_boolean']);
  });

  it('may not be a malformed rule tree', () => {
    expect(condition({ all: [{ field: 'input.x', op: 'like', value: 1 }] })).toEqual([
      'steps[0].if.all[0].op invalid_rule',
    ]);
  });

  it('of `when` are held to the same', () => {
    expect(problems([step('a', { when: '1' })])).toEqual(['steps[0].when condition_not_boolean']);
    expect(problems([step('a', { when: { field: 'input.at', op: 'before', value: 'tomorrow' } })])).toEqual([
      'steps[0].when.value invalid_rule',
    ]);
  });
});

describe('items', () => {
  const items = (value: unknown) => problems([{ id: 'l', type: 'loop', items: value, steps: [step('a')] }]);

  it.each([
    'input.rows',
    '[1, 2]',
    'input.rows.filter(r, r.x > 1)',
    [1, { $: 'input.x' }],
    { $: 'input.rows' },
  ])('may be %j', (value) => {
    expect(items(value)).toEqual([]);
  });

  it.each(['"text"', '{"a": 1}', '1'])('may not be %j', (value) => {
    expect(items(value)).toEqual(['steps[0].items items_not_list']);
  });
});
