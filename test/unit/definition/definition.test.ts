import { describe, expect, it } from 'vitest';
import { compile, FORMAT_VERSION, LIMITS } from '../../../shared/definition/index.ts';
import { actions, compiled, problems, step, workflow } from './support.ts';

const errors = (definition: unknown) => {
  const result = compile(definition, { actions });
  return result.ok ? [] : result.errors.map(({ path, code }) => `${path} ${code}`);
};

it('reports errors of shape and of meaning all at once, each with path, message and hint', () => {
  const result = compiled(
    [
      { id: 'a', type: 'action', action: 'nope' },
      {
        id: 'b',
        type: 'condition',
        if: '"x"',
        then: [{ id: 'c', type: 'acton' }, step('d', { output: { $: 'steps.z.output' } })],
      },
      { id: 'a', type: 'delay', for: 'soon', extra: 1 },
    ],
    { trigger: { type: 'schedule', cron: 'x' }, colour: 'red' },
  );
  if (result.ok) throw new Error('compiles');
  expect(result.errors.map(({ path, code }) => `${path} ${code}`).sort()).toEqual([
    'colour unknown_field',
    'steps[0].action unknown_action',
    'steps[1].if condition_not_boolean',
    'steps[1].then[0].type unknown_type',
    'steps[1].then[1].output unknown_step',
    'steps[2].extra unknown_field',
    'steps[2].for invalid_duration',
    'steps[2].id duplicate_id',
    'trigger.cron invalid_cron',
  ]);
  for (const error of result.errors) {
    expect(error.message).not.toBe('');
    expect(error.hint).not.toBe('');
  }
});

describe('the format version', () => {
  it('may be left out', () => {
    const result = compiled([step('a')]);
    expect(result.ok && result.definition.formatVersion).toBe(FORMAT_VERSION);
  });

  it('that is newer is refused before anything else', () => {
    const result = compile({ formatVersion: FORMAT_VERSION + 1, stages: [] }, { actions });
    expect(result.ok ? [] : result.errors).toEqual([
      expect.objectContaining({
        code: 'unsupported_format',
        path: 'formatVersion',
        hint: expect.stringMatching(/Update/),
      }),
    ]);
  });

  it('has to be a number', () => {
    expect(errors({ ...workflow([step('a')]), formatVersion: 'one' })).toEqual([
      'formatVersion invalid_type',
    ]);
  });
});

describe('refused is', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;

  it.each([
    ['what is no object', [], ' not_an_object'],
    ['null', null, ' not_an_object'],
    ['nothing', undefined, ' not_an_object'],
    ['what is no JSON', cyclic, ' not_an_object'],
    ['a text', '{}', ' not_an_object'],
  ])('%s', (_, definition, error) => {
    expect(errors(definition)).toEqual([error]);
  });

  it('a workflow without steps', () => {
    expect(problems([])).toEqual(['steps invalid_value']);
    expect(problems(undefined)).toEqual(['steps missing_field']);
  });

  it('a workflow with too many steps', () => {
    const many = Array.from({ length: LIMITS.steps / 2 + 1 }, (_, i) => step(`a${i}`));
    const more = Array.from({ length: LIMITS.steps / 2 }, (_, i) => step(`b${i}`));
    const result = problems([...many, { id: 'c', type: 'condition', if: 'true', then: more }]);
    expect(result).toEqual([expect.stringMatching(/too_many_steps$/)]);
  });

  it('a workflow that nests too deep', () => {
    const nest = (levels: number): unknown =>
      levels === 0
        ? step('x')
        : { id: `c${levels}`, type: 'condition', if: 'true', then: [nest(levels - 1)] };
    expect(problems([nest(LIMITS.depth)])).toEqual([]);
    expect(problems([nest(LIMITS.depth + 1)])).toEqual([expect.stringMatching(/too_deep$/)]);
  });

  it('JSON that nests too deep', () => {
    const deep = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`);
    expect(problems([step('a', { output: deep })])).toEqual([' definition_too_deep']);
  });

  it('JSON so deep that it cannot be written', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(problems([step('a', { output: deep })])).toEqual([' not_an_object']);
  });

  it('a definition that is too large', () => {
    expect(problems([step('a', { output: 'x'.repeat(LIMITS.characters) })])).toEqual([
      ' definition_too_large',
    ]);
  });
});

describe('inputs', () => {
  const inputs = (value: unknown) => problems([step('a')], { inputs: value });

  it('are a JSON Schema of an object', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 1 },
        tags: { type: 'array', items: { type: ['string', 'null'] } },
        age: { title: 'Age', anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }], default: null },
      },
      required: ['name'],
      additionalProperties: false,
    };
    expect(inputs(schema)).toEqual([]);
  });

  it.each([
    [{ type: 'array' }, 'inputs.type invalid_inputs'],
    [{ properties: {} }, 'inputs.type invalid_inputs'],
    [{ type: 'object', properties: { a: { type: 'text' } } }, 'inputs.properties.a.type invalid_inputs'],
    [{ type: 'object', properties: { a: 'string' } }, 'inputs.properties.a invalid_inputs'],
    [{ type: 'object', properties: [] }, 'inputs.properties invalid_inputs'],
    [
      { type: 'object', properties: { a: { type: 'array', items: { type: 'strng' } } } },
      'inputs.properties.a.items.type invalid_inputs',
    ],
    [{ type: 'object', properties: { a: {} }, required: ['b'] }, 'inputs.required invalid_inputs'],
    [{ type: 'object', required: 'a' }, 'inputs.required invalid_inputs'],
    [{ type: 'object', properties: { a: { enum: [] } } }, 'inputs.properties.a.enum invalid_inputs'],
    [
      { type: 'object', properties: { a: { pattern: '^a+$' } } },
      'inputs.properties.a.pattern invalid_inputs',
    ],
    [
      { type: 'object', properties: { a: { multipleOf: 0 } } },
      'inputs.properties.a.multipleOf invalid_inputs',
    ],
    [{ type: 'object', minProperties: -1 }, 'inputs.minProperties invalid_inputs'],
    [
      { type: 'object', additionalProperties: { type: 'txt' } },
      'inputs.additionalProperties.type invalid_inputs',
    ],
    [{ type: 'object', anyOf: [{ const: 1 }, { type: 'txt' }] }, 'inputs.anyOf[1].type invalid_inputs'],
    [{ type: 'object', oneOf: {} }, 'inputs.oneOf invalid_inputs'],
  ])('%j is wrong', (value, error) => {
    expect(inputs(value)).toEqual([error]);
  });
});

it('runs no code that stands in a definition', () => {
  const trap = { toJSON: () => workflow([step('a')]) };
  expect(errors(trap)).toEqual([]);
  expect(
    errors(
      JSON.parse(
        '{ "__proto__": { "name": "x" }, "name": "a", "trigger": { "type": "manual" }, "steps": [{ "id": "a", "type": "transform", "output": 1 }] }',
      ),
    ),
  ).toEqual(['__proto__ unknown_field']);
});
