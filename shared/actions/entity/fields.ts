import { z } from 'zod';

/** Parameter and result schemas that the entity actions share. */
export const entityName = z
  .string()
  .regex(/^(public\.)?[a-z_][a-z0-9_]*$/, 'Name a table, such as leads.')
  .describe("Table to work on; its rows are those of the workflow's organisation.");

export const row = z.record(z.string(), z.json()).describe('One row, column by column.');

export const rowId = z
  .union([z.string().min(1), z.number(), z.record(z.string(), z.json())])
  .describe('Primary key of one row; an object of its columns when there are several.');

export const values = z
  .record(z.string(), z.json())
  .refine((given) => Object.keys(given).length > 0, 'Name at least one column.');
