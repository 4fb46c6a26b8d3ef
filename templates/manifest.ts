import { z } from 'zod';
import { scenarioSchema } from './scenario.ts';

const identifier = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'Write it in kebab-case.');

/** What a template tells before it is installed. */
export const manifestSchema = z.strictObject({
  id: identifier.describe('The same for ever; also the file name.'),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  name: z.string().min(1),
  summary: z.string().min(1).max(140).describe('One line for a list.'),
  description: z.string().min(1).describe('What it does and when to use it, in a few sentences.'),
  category: identifier,
  tags: z.array(identifier).min(1),
  icon: z.string().min(1).describe('Name of a Lucide icon.'),
  trigger_summary: z.string().min(1).describe('What starts it, in words.'),
  requires: z.strictObject({
    tables: z.array(z.string()),
    integrations: z.array(z.enum(['sendgrid', 'twilio', 'firebase', 'slack'])),
    roles: z
      .array(z.enum(['viewer', 'editor', 'admin', 'owner']))
      .describe('What its publisher must be, at least one of.'),
  }),
  variables: z
    .looseObject({
      type: z.literal('object'),
      properties: z.record(z.string(), z.looseObject({ default: z.json() })),
    })
    .describe("JSON Schema of the definition's variables; the defaults are the definition's own."),
  setup_steps: z.array(z.string().min(1)).describe('What to do before it is switched on.'),
  est_minutes_saved: z.number().positive().describe('Of human work, per execution.'),
});

/** A template file: what it tells, what it does, and what must be true when it has done it. */
export const templateSchema = z.strictObject({
  manifest: manifestSchema,
  definition: z.looseObject({
    name: z.string(),
    variables: z.record(z.string(), z.json()).optional(),
    trigger: z.looseObject({ type: z.string() }),
    steps: z.array(z.looseObject({ id: z.string(), type: z.string() })).min(1),
  }),
  scenarios: z.array(scenarioSchema).min(2),
});

export type Manifest = z.output<typeof manifestSchema>;
export type Template = z.output<typeof templateSchema>;

/** A line of the index: what a template tells, and how its file is loaded. */
export interface TemplateEntry {
  manifest: Manifest;
  load: () => Promise<{ default: unknown }>;
}
