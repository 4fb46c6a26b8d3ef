import { type Json, StepError } from '../../errors.ts';
import type { Entity } from '../database/entity.ts';
import { type Item, keyOf, updateSet } from '../database/row-set.ts';
import { refuseTenantChange } from '../database/write.ts';
import type { ActionContext } from '../types.ts';
import { type Bulk, writeAll } from './bulk.ts';
import { rowNotFound } from './refusals.ts';

/** What a bulk update works on. */
export interface Target {
  entity: Entity;
  context: ActionContext;
  onRowError: Bulk['onRowError'];
}

/**
 * Changes each row in its own way.
 * @throws StepError `invalid_params` for a row without its key, without values, or named twice; `rows_refused`
 */
export function updateEach(target: Target, rows: readonly Record<string, Json>[]) {
  const at = (index: number) => `params.rows[${index}]`;
  return updateItems(target, itemsOf(target.entity, rows, at), at);
}

/** @param at where an item stands in the parameters */
export function updateItems(
  { entity, context: { db, organizationId }, onRowError }: Target,
  items: readonly Item[],
  at: (index: number) => string,
) {
  const isKey = (column: string) => entity.primaryKey.includes(column);
  const write: Bulk['write'] = (part, columns) =>
    updateSet(db, { entity, organizationId, columns: columns.filter((column) => !isKey(column)) }, part);
  const missing: Bulk['missing'] = ({ index, values }) =>
    rowNotFound(entity, idOf(entity, values), at(index));
  return writeAll({ db, entity, at, onRowError, write, missing }, items);
}

/** The primary key as an author names it. */
function idOf({ primaryKey }: Entity, values: Record<string, Json>): Json {
  const [first = 'id', ...others] = primaryKey;
  if (others.length === 0) return values[first] ?? null;
  return Object.fromEntries(primaryKey.map((column) => [column, values[column] ?? null]));
}

function itemsOf(
  entity: Entity,
  rows: readonly Record<string, Json>[],
  at: (index: number) => string,
): Item[] {
  const places = new Map<string, number>();
  return rows.map((values, index) => {
    refuseTenantChange(entity, values, at(index));
    const missing = entity.primaryKey.find((column) => (values[column] ?? null) === null);
    if (missing) throw unusable(`A row to change needs its primary key: ${missing} is missing.`, at(index));
    if (Object.keys(values).length === entity.primaryKey.length)
      throw unusable('The row has nothing but its primary key: there is nothing to change.', at(index));
    const key = keyOf(entity, values);
    const before = places.get(key);
    if (before !== undefined) throw unusable(`The row is also ${at(before)}.`, at(index));
    places.set(key, index);
    return { index, values };
  });
}

function unusable(message: string, path: string): StepError {
  return new StepError({
    code: 'invalid_params',
    message,
    hint: 'Name each row once, by its primary key and the columns to change.',
    path,
  });
}
