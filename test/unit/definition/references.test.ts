import { describe, expect, it } from 'vitest';
import { compiled, problems, reads, step, warnings } from './support.ts';

const condition = (id: string, then: unknown[], more: object = {}) => ({
  id,
  type: 'condition',
  if: 'true',
  then,
  ...more,
});
const loop = (id: string, steps: unknown[], more: object = {}) => ({
  id,
  type: 'loop',
  items: '[1]',
  steps,
  ...more,
});
const at = (path: string, code: string) => [`${path} ${code}`];

describe('a step may read', () => {
  it.each([
    ['a step before it', [step('a'), reads('b', 'steps.a.output')]],
    ['a step before the container it is in', [step('a'), condition('c', [reads('b', 'steps.a.output')])]],
    [
      'the inside of a finished condition',
      [condition('c', [step('a')], { else: [step('b')] }), reads('d', '[steps.?a, steps.?b]')],
    ],
    [
      'the inside of a finished catch branch',
      [step('a', { onError: [step('x')] }), reads('b', 'steps.x.output')],
    ],
    [
      'its failed step and the error, in a catch branch',
      [step('a', { onError: [reads('x', 'steps.a.error.code + error.message')] })],
    ],
    [
      'the inside of its failed container',
      [condition('c', [step('a')], { onError: [reads('x', 'steps.a.output')] })],
    ],
    ['a loop', [loop('l', [step('x')]), reads('a', 'steps.l.output.items')]],
    ['an earlier step of its iteration', [loop('l', [step('x'), reads('y', 'steps.x.output')])]],
    [
      'the item of every loop around it',
      [loop('l', [loop('m', [reads('x', 'a + b + loop.index')], { as: 'b' })], { as: 'a' })],
    ],
    [
      'a parallel',
      [{ id: 'p', type: 'parallel', branches: { left: [step('x')] } }, reads('a', 'steps.p.output.left')],
    ],
    ['status and error', [step('a'), reads('b', 'steps.a.status + steps.a.error.code')]],
  ])('%s', (_, steps) => {
    expect(problems(steps)).toEqual([]);
  });

  it('in onFailure the main line and the error', () => {
    expect(problems([step('a')], { onFailure: [reads('f', 'steps.a.status + error.message')] })).toEqual([]);
  });
});

describe('refused is', () => {
  it.each([
    ['a step that does not exist', [reads('b', 'steps.zzz.output')], 'steps[0].output', 'unknown_step'],
    ['a later step', [reads('a', 'steps.b.output'), step('b')], 'steps[0].output', 'forward_reference'],
    ['itself', [reads('a', 'steps.a.output')], 'steps[0].output', 'cyclic_reference'],
    [
      'the container around it',
      [condition('c', [reads('a', 'steps.c.output')])],
      'steps[0].then[0].output',
      'cyclic_reference',
    ],
    [
      'another branch',
      [condition('c', [step('a')], { else: [reads('b', 'steps.a.output')] })],
      'steps[0].else[0].output',
      'other_branch',
    ],
    [
      'another branch of a parallel',
      [{ id: 'p', type: 'parallel', branches: { l: [step('a')], r: [reads('b', 'steps.a.output')] } }],
      'steps[0].branches.r[0].output',
      'other_branch',
    ],
    [
      'the inside of a loop',
      [loop('l', [step('x')]), reads('a', 'steps.x.output')],
      'steps[1].output',
      'hidden_step',
    ],
    [
      'the inside of a parallel',
      [{ id: 'p', type: 'parallel', branches: { l: [step('x')] } }, reads('a', 'steps.x.output')],
      'steps[1].output',
      'hidden_step',
    ],
    [
      'the catch branch from inside of what it catches',
      [condition('c', [reads('a', 'steps.x.output')], { onError: [step('x')] })],
      'steps[0].then[0].output',
      'other_branch',
    ],
    [
      'a step whose name is computed',
      [step('a'), reads('b', 'steps[input.x].output')],
      'steps[1].output',
      'dynamic_reference',
    ],
    ['all steps at once', [step('a'), reads('b', 'size(steps)')], 'steps[1].output', 'dynamic_reference'],
    ['an unknown root', [reads('a', 'lead.id')], 'steps[0].output', 'unknown_root'],
    [
      'the item of a loop after it',
      [loop('l', [step('x')], { as: 'lead' }), reads('a', 'lead.id')],
      'steps[1].output',
      'unknown_root',
    ],
    ['loop outside of a loop', [reads('a', 'loop.index')], 'steps[0].output', 'unknown_root'],
    ['error outside of a catch branch', [reads('a', 'error.code')], 'steps[0].output', 'unknown_root'],
    [
      'a member steps do not have',
      [step('a'), reads('b', 'steps.a.result')],
      'steps[1].output',
      'unknown_member',
    ],
    ['an unknown variable', [reads('a', 'variables.thresold')], 'steps[0].output', 'unknown_variable'],
    [
      'an unknown variable in Liquid',
      [step('a', { output: '{{ variables.thresold }}' })],
      'steps[0].output',
      'unknown_variable',
    ],
    [
      'an unknown step in Liquid',
      [step('a', { output: '{{ steps.zzz.output }}' })],
      'steps[0].output',
      'unknown_step',
    ],
    [
      'an unknown step in a rule tree',
      [condition('c', [step('x')], { if: { field: 'steps.zzz.output', op: 'isNull' } })],
      'steps[0].if.field',
      'unknown_step',
    ],
    [
      'an unknown variable in a rule tree',
      [condition('c', [step('x')], { when: { field: 'input.x', op: 'eq', ref: 'variables.zzz' } })],
      'steps[0].when.ref',
      'unknown_variable',
    ],
  ])('%s', (_, steps, path, code) => {
    expect(problems(steps, { variables: { threshold: 1 } })).toEqual(at(path, code));
  });

  it('onFailure from the main line', () => {
    expect(problems([reads('a', 'steps.f.output')], { onFailure: [step('f')] })).toEqual(
      at('steps[0].output', 'forward_reference'),
    );
  });
});

it('suggests the nearest name', () => {
  const hint = (steps: unknown, more = {}) => {
    const result = compiled(steps, more);
    return result.ok ? undefined : result.errors[0]?.hint;
  };
  expect(hint([step('score'), reads('b', 'steps.scoer.output')])).toBe('Did you mean "score"?');
  expect(hint([reads('b', 'variables.thresold')], { variables: { threshold: 1 } })).toBe(
    'Did you mean "threshold"?',
  );
  expect(hint([reads('b', 'varaibles.x')])).toBe('Did you mean "variables"?');
  expect(hint([reads('b', 'record.x')])).toBe('Write trigger.record.');
});

it('allows a variable that may be absent', () => {
  expect(problems([reads('a', 'variables?.other.orValue(1)')])).toEqual([]);
  expect(problems([step('a', { output: '{{ variables.other | default: 1 }}' })])).toEqual([]);
});

it('warns of a row where the trigger has none', () => {
  expect(warnings([reads('a', 'trigger.record.x')])).toEqual(['steps[0].output no_record']);
  expect(
    warnings([reads('a', 'trigger.record.x')], {
      trigger: { type: 'event', table: 't', events: ['insert'] },
    }),
  ).toEqual([]);
});
