import { expect, it } from 'vitest';
import { type ExpressionError, references } from '../../../shared/expression/index.ts';

const paths = (value: unknown) => references(value).map(({ root, path }) => [root, ...path].join('.'));

it('finds references in CEL and Liquid, at any depth', () => {
  expect(paths({ a: [{ $: 'steps.x.output + input.y' }], b: 'Hi {{ trigger.record.name }}' })).toEqual([
    'steps.x.output',
    'input.y',
    'trigger.record.name',
  ]);
});

it('tells where each stands', () => {
  expect(references({ a: ['{{ input.x }}'] }, 'params').map(({ at }) => at)).toEqual(['params.a[0]']);
});

it('reads brackets as dots', () => {
  expect(paths([{ $: 'steps["x"].output' }, '{{ steps["x"].output }}'])).toEqual([
    'steps.x.output',
    'steps.x.output',
  ]);
});

it('marks what is computed as dynamic', () => {
  const [name, steps] = references({ $: 'steps[input.name].output' });
  expect([name?.root, steps?.root, steps?.dynamic, steps?.path]).toEqual(['input', 'steps', true, []]);
  expect(references('{{ steps[input.name].output }}')[0]).toMatchObject({
    root: 'steps',
    path: [],
    dynamic: true,
  });
});

it('marks what may be absent as optional', () => {
  const optional = (source: string) => references({ $: source }).map((reference) => reference.optional);
  expect(optional('input.a')).toEqual([false]);
  expect(optional('input.?a')).toEqual([true]);
  expect(optional('input?.a.b')).toEqual([true]);
  expect(optional('has(input.a)')).toEqual([true]);
  expect(references('{{ input.a }}')[0]?.optional).toBe(false);
  expect(references('{{ input.a | default: 1 }}')[0]?.optional).toBe(true);
});

it('leaves out names that macros and tags bind', () => {
  expect(paths({ $: 'input.l.map(x, x.id + input.n).filter(steps, steps > 1)' })).toEqual([
    'input.l',
    'input.n',
  ]);
  expect(paths({ $: 'cel.bind(t, input.a, t + t)' })).toEqual(['input.a']);
  expect(paths('{% for row in input.rows %}{{ row.id }}{% endfor %}{% assign y = 1 %}{{ y }}')).toEqual([
    'input.rows',
  ]);
});

it('leaves out types and namespaces of CEL', () => {
  expect(paths({ $: 'type(input.a) == string && optional.of(1).hasValue()' })).toEqual(['input.a']);
});

it('looks into neither literals nor secrets', () => {
  expect(paths([{ $raw: { $: 'a.b' } }, { $secret: 'X' }, 'input.x'])).toEqual([]);
});

it('reports every expression that cannot be parsed', () => {
  const errors: [ExpressionError['code'], string][] = [];
  references({ a: { $: '1 +' }, b: '{{ x', c: { $: 3 } }, 'params', ({ code }, path) =>
    errors.push([code, path]),
  );
  expect(errors).toEqual([
    ['invalid_expression', 'params.a'],
    ['invalid_template', 'params.b'],
    ['invalid_expression', 'params.c'],
  ]);
});
