import { z } from 'zod';
import { RULE_OPS } from '../expression/index.ts';
import { workflowSchema } from './schema/workflow.ts';

const rules = { type: 'array', items: { $ref: '#/$defs/RuleTree' } };

/** What zod leaves to `checkRule`: the shape of a rule tree. */
const RULE_TREE = {
  description: 'A rule tree. Null and values of different types match under no comparison.',
  oneOf: [
    { type: 'object', properties: { all: rules }, required: ['all'], additionalProperties: false },
    { type: 'object', properties: { any: rules }, required: ['any'], additionalProperties: false },
    {
      type: 'object',
      properties: { not: { $ref: '#/$defs/RuleTree' } },
      required: ['not'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: {
        field: { type: 'string', description: 'A path such as record.score.' },
        op: { enum: [...RULE_OPS] },
        value: { description: 'A literal; for before and after a timestamp or { "now": "-3d" }.' },
        ref: { type: 'string', description: 'A path to compare with, such as variables.threshold.' },
      },
      required: ['field', 'op'],
      additionalProperties: false,
    },
  ],
};

/** The published JSON Schema of a workflow definition, as an author writes it. */
export function workflowJsonSchema(): Record<string, unknown> {
  const { $defs, ...schema } = z.toJSONSchema(workflowSchema, { io: 'input' });
  return { title: 'Workflow definition', ...schema, $defs: { ...$defs, RuleTree: RULE_TREE } };
}
