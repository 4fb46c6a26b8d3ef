import { z } from 'zod';
import { workflowSchema } from './schema/workflow.ts';

/** The published JSON Schema of a workflow definition, as an author writes it. */
export function workflowJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(workflowSchema, { io: 'input', unrepresentable: 'any' });
  return { title: 'Workflow definition', ...schema };
}
