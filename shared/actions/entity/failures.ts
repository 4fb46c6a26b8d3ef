import { z } from 'zod';
import { type Json, StepError } from '../../errors.ts';
import type { Entity } from '../database/entity.ts';
import type { Item } from '../database/row-set.ts';

/** How many rows an error names. */
export const MOST_NAMED = 20;

const failureSchema = z.strictObject({
  index: z.int().describe('Place of the row, from 0: in `rows`, or in the order of the primary key.'),
  id: z.record(z.string(), z.json()).optional().describe('Primary key of a row that exists.'),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});
/** A row that was not written, and why. */
export type Failure = z.output<typeof failureSchema>;

/** Result schema of what `skip` has left out. */
export const failures = z
  .array(failureSchema)
  .describe('Rows that were refused, and why; empty unless `onRowError` is `skip`.');

/** Parameter schema of what to do about rows that the database refuses. */
export const onRowError = z
  .enum(['fail', 'skip'])
  .default('fail')
  .describe('`fail` writes all rows or none; `skip` writes the others and lists those that were refused.');

interface Place {
  entity: Entity;
  at: (index: number) => string;
}

export function failureOf(
  { entity: { primaryKey } }: Place,
  { index, values }: Item,
  { code, message, hint }: StepError,
): Failure {
  const id = Object.fromEntries(primaryKey.map((column) => [column, values[column] ?? null]));
  const known = primaryKey.every((column) => values[column] !== undefined);
  return { index, ...(known ? { id } : {}), code, message, ...(hint ? { hint } : {}) };
}

/** The error of a bulk step that writes all rows or none. */
export function rowsRefused(failed: readonly Failure[], count: number, { at }: Place): StepError {
  const [first] = failed as [Failure];
  const many = failed.length < MOST_NAMED ? failed.length : `${MOST_NAMED} or more`;
  return new StepError({
    code: 'rows_refused',
    message: `${many} of ${count} rows cannot be written. Row ${first.index}: ${first.message}`,
    hint: `${first.hint ?? 'Correct the row.'} details.failed names the rows; with onRowError "skip" all others are written.`,
    path: at(first.index),
    details: { failed: failed.slice(0, MOST_NAMED) as unknown as Json },
  });
}
