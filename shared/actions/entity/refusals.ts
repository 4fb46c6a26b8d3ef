import { type Json, StepError } from '../../errors.ts';
import type { Entity } from '../database/entity.ts';

/** A row that is not there, or not to be written. */
export function rowNotFound(entity: Entity, id: Json, path = 'params.id'): StepError {
  return new StepError({
    code: 'row_not_found',
    message: `${entity.table} has no row ${JSON.stringify(id)} that this workflow may change.`,
    hint: 'It may be gone, belong to another organisation, or be closed to the user the workflow runs as. Use `where` if none is fine.',
    path,
  });
}

/** Raised after the statement: the step's transaction takes it back. */
export function tooManyRows(entity: Entity, count: number, most: number, instead?: string): StepError {
  return new StepError({
    code: 'too_many_rows',
    message: `The rule matches ${count} rows of ${entity.table}; one step changes at most ${most.toLocaleString('en')}.`,
    hint: instead ? `Narrow \`where\`, or use ${instead}.` : 'Narrow `where`.',
    path: 'params.where',
  });
}
