import { z } from 'zod';

/**
 * A scenario plays a template against a real engine: rows that exist before it is published, the event
 * that starts it, what happens meanwhile, and what must be true at the end.
 *
 * In its values `@lead.id` is a column of the row seeded or written as `lead`, and `@now-3d` a time.
 */
const row = z.record(z.string(), z.json());

const write = z.union([
  z.strictObject({ insert: z.string().describe('Table'), as: z.string(), row }),
  z.strictObject({ update: z.string().describe('Row, by the name it was given'), set: row }),
]);

const start = z.union([write, z.strictObject({ input: row.describe('Input of a manual or webhook start') })]);

const move = z.union([
  write,
  z.strictObject({ advance: z.string().describe('Time that passes, such as 3d') }),
  z.strictObject({
    decide: z.string().describe('Approval step'),
    decision: z.enum(['approved', 'rejected']),
    comment: z.string().optional(),
  }),
]);

const expectation = z.strictObject({
  executions: z.int().min(0).default(1).describe('How many the start and the moves cause'),
  status: z
    .enum(['succeeded', 'failed', 'cancelled', 'waiting'])
    .optional()
    .describe('Of the last execution'),
  steps: z
    .record(z.string(), z.enum(['succeeded', 'failed', 'skipped', 'cancelled', 'waiting', 'absent']))
    .default({})
    .describe('Status of step runs by step id; `absent` for a branch not taken'),
  outputs: z.record(z.string(), z.json()).default({}).describe('Parts of outputs by step id'),
  rows: z
    .array(
      z.strictObject({
        table: z.string(),
        where: row,
        count: z.int().min(0).default(1),
        values: row.default({}).describe('What each of these rows must hold'),
      }),
    )
    .default([]),
  messages: z
    .array(
      z.strictObject({
        channel: z.enum(['email', 'sms', 'push', 'slack']),
        to: z.string(),
        template: z.string().optional(),
      }),
    )
    .default([]),
});

export const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  negative: z.boolean().default(false).describe('Whether it shows when the template must not act.'),
  variables: row.default({}).describe('Variables that differ from their defaults.'),
  seed: z.array(z.strictObject({ insert: z.string(), as: z.string(), row })).default([]),
  start,
  moves: z.array(move).default([]),
  expect: expectation,
});

export type Scenario = z.output<typeof scenarioSchema>;
