import { describe, expect, it } from 'vitest';
import { templateParams } from '../../../shared/definition/index.ts';
import { actions, compiled, problems, step, warnings } from './support.ts';

const action = (name: string, params: object) =>
  problems([{ id: 'a', type: 'action', action: name, params }]);

describe('params', () => {
  it.each([
    ['literals', { entity: 'leads', limit: 5, tags: ['a'] }],
    ['CEL', { entity: { $: 'input.entity' }, limit: { $: 'input.limit' } }],
    ['Liquid', { entity: '{{ input.entity }}', limit: '{{ input.limit }}' }],
    ['raw values', { entity: { $raw: 'leads' } }],
    [
      'expressions inside of lists and objects',
      {
        entity: 'leads',
        tags: ['a', { $: 'input.tag' }],
        where: { field: 'x', op: 'eq', value: { $: 'input.x' } },
      },
    ],
  ])('may be %s', (_, params) => {
    expect(action('query', params)).toEqual([]);
  });

  it.each([
    ['a literal of the wrong type', { entity: 3 }, 'steps[0].params.entity invalid_params'],
    ['a literal beyond its bounds', { entity: 'leads', limit: 101 }, 'steps[0].params.limit invalid_params'],
    ['a missing one', { limit: 1 }, 'steps[0].params.entity invalid_params'],
    ['one nobody knows', { entity: 'leads', limt: { $: 'input.x' } }, 'steps[0].params.limt invalid_params'],
    ['a raw value of the wrong type', { entity: { $raw: 3 } }, 'steps[0].params.entity invalid_params'],
    [
      'a wrong literal beside an expression',
      { entity: { $: 'input.x' }, limit: 'many' },
      'steps[0].params.limit invalid_params',
    ],
    [
      'a wrong element of a list',
      { entity: 'leads', tags: [{ $: 'input.x' }, 4] },
      'steps[0].params.tags[1] invalid_params',
    ],
    ['a broken expression', { entity: { $: '1 +' } }, 'steps[0].params.entity invalid_expression'],
  ])('may not have %s', (_, params, error) => {
    expect(action('query', params)).toEqual([error]);
  });

  it('are checked for references', () => {
    expect(action('query', { entity: { $: 'steps.nope.output' } })).toEqual([
      'steps[0].params.entity unknown_step',
    ]);
  });

  it('with a secret are warned of', () => {
    const steps = [{ id: 'a', type: 'action', action: 'sendEmail', params: { to: { $secret: 'KEY' } } }];
    expect(problems(steps)).toEqual([]);
    expect(warnings(steps)).toEqual(['steps[0].params.to secret_not_filled']);
  });
});

describe('an unknown action', () => {
  it('is refused with the nearest name', () => {
    const result = compiled([{ id: 'a', type: 'action', action: 'qurey', params: {} }]);
    expect(result.ok ? [] : result.errors).toEqual([
      {
        code: 'unknown_action',
        path: 'steps[0].action',
        message: 'There is no action "qurey"',
        hint: 'Did you mean "query"?',
      },
    ]);
  });

  it.each(['constructor', '__proto__'])('%s is none', (name) => {
    expect(action(name, {})).toEqual(['steps[0].action unknown_action']);
  });
});

describe('templates', () => {
  it('are the params whose schema says so', () => {
    const definition = actions.get('generateDocument');
    expect(definition && [...templateParams(definition.params)]).toEqual(['template']);
  });

  it('may use roots that only their handler knows', () => {
    expect(action('generateDocument', { template: '{{ customer.name }}' })).toEqual([]);
  });

  it('are refused when they do not parse', () => {
    expect(action('generateDocument', { template: '{{ customer.name' })).toEqual([
      'steps[0].params.template invalid_template',
    ]);
  });

  it('beside other params leave those checked', () => {
    expect(action('generateDocument', { template: '{{ a }}', name: '{{ b }}' })).toEqual([
      'steps[0].params.name unknown_root',
    ]);
  });
});

it('compiles an action without params', () => {
  expect(problems([{ id: 'a', type: 'action', action: 'generateDocument' }, step('b')])).toEqual([]);
});
