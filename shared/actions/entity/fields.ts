import { z } from 'zod';
import { type Entity, requireColumn } from '../database/entity.ts';
import type { Row } from '../database/rows.ts';

/** Codes of every action that takes an entity. */
export const ENTITY_ERRORS = [
  'unknown_entity',
  'unknown_column',
  'entity_without_tenant',
  'entity_without_key',
] as const;

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

export const select = z.array(z.string()).min(1).optional().describe('Columns to return; all when left out.');

/** Thousands of whole rows would be more than a step may return. */
export const bulkSelect = z
  .array(z.string())
  .min(1)
  .optional()
  .describe('Columns to return of each row; the primary key when left out.');

/** @throws StepError `unknown_column` for a column to select that does not exist */
export function requireColumns(entity: Entity, columns: readonly string[] | undefined): void {
  for (const [index, column] of (columns ?? []).entries())
    requireColumn(entity, column, `params.select[${index}]`);
}

/** Of a row the columns that were asked for; all when none were. */
export function pick(from: Row, columns: readonly string[] | undefined): Row {
  return columns ? Object.fromEntries(columns.map((column) => [column, from[column] ?? null])) : from;
}
