import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { STEP_TYPES, workflowJsonSchema } from '../../../shared/definition/index.ts';
import { step, workflow } from './support.ts';

const file = new URL('../../../shared/definition/workflow.schema.json', import.meta.url);

it('is the one that is published', () => {
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(workflowJsonSchema())));
});

it('tells right definitions from wrong ones', () => {
  const schema = z.fromJSONSchema(workflowJsonSchema() as never);
  const valid = (definition: unknown) => schema.safeParse(definition).success;
  const filter = { all: [{ field: 'record.x', op: 'gte', value: 1 }] };
  const trigger = { type: 'event', table: 'leads', events: ['insert'], filter };
  expect(valid(workflow([step('a', { onError: [step('b')] })], { trigger }))).toBe(true);
  expect(valid(workflow([step('a')], { trigger: { ...trigger, filter: { all: 1 } } }))).toBe(false);
  expect(valid(workflow([{ id: 'a', type: 'nope' }]))).toBe(false);
  expect(valid(workflow([step('A')]))).toBe(false);
});

it('knows the nine step types', () => {
  expect(STEP_TYPES).toEqual([
    'action',
    'condition',
    'notification',
    'delay',
    'loop',
    'parallel',
    'http',
    'transform',
    'approval',
  ]);
});
