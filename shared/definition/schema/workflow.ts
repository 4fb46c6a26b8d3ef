import { z } from 'zod';
import type { WorkflowDefinition } from '../types.ts';
import { jsonObject } from './fields.ts';
import { steps } from './steps.ts';
import { trigger } from './triggers.ts';

/** The newest version of the definition format this release reads. */
export const FORMAT_VERSION = 1;

/** A workflow definition. What it says of expressions and references is checked by `compile`. */
export const workflowSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors.'),
  formatVersion: z.int().min(1).max(FORMAT_VERSION).default(FORMAT_VERSION),
  name: z.string().min(1).max(200),
  description: z.string().max(2000).optional(),
  trigger,
  variables: jsonObject.default({}).describe('Values the expressions call `variables.<name>`.'),
  inputs: jsonObject.optional().describe('JSON Schema of what a manual or webhook start is given.'),
  steps: steps.refine((list) => list.length > 0, { error: 'A workflow has at least one step' }),
  onFailure: steps.default([]).describe('Steps that run when the execution fails.'),
}) as unknown as z.ZodType<WorkflowDefinition>;
