import { type Json, StepError } from '../../errors.ts';
import { type Entity, tableOf } from '../database/entity.ts';
import { isAboutRow } from '../database/errors.ts';
import { fetchRows, ownRows, type Row } from '../database/rows.ts';
import type { Rule } from '../database/rule.ts';
import { columnValues, refuseTenantChange } from '../database/write.ts';
import { MOST_ROWS } from './bulk.ts';
import type { Failure } from './failures.ts';
import { tooManyRows } from './refusals.ts';
import { type Target, updateItems } from './update-each.ts';

/**
 * Gives all rows of a rule the same values, in one statement. Where it is refused for the data of a row, the
 * rows are taken by their keys, so that the ones at fault are known.
 *
 * @throws StepError `too_many_rows`, `rows_refused`, `invalid_params` for a primary key among the values
 */
export async function updateAlike(
  target: Target,
  where: Rule,
  set: Record<string, Json>,
): Promise<{ rows: Row[]; failed: Failure[] }> {
  const { entity, context } = target;
  refuseTenantChange(entity, set);
  refuseKeyChange(entity, set);
  try {
    const rows = await context.db.attempt(() => updateRows(target, where, set));
    if (rows.length > MOST_ROWS) throw tooManyRows(entity, rows.length, MOST_ROWS);
    return { rows, failed: [] };
  } catch (error) {
    if (!isAboutRow(error)) throw error;
    const keys = await matchingKeys(target, where);
    if (keys.length > MOST_ROWS) throw tooManyRows(entity, keys.length, MOST_ROWS);
    const items = keys.map((key, index) => ({ index, values: { ...key, ...set } }));
    return updateItems(target, items, () => 'params.set');
  }
}

function updateRows({ entity, context }: Target, where: Rule, set: Record<string, Json>): Promise<Row[]> {
  return fetchRows(context.db, entity, (db) =>
    db
      .updateTable(tableOf(entity))
      .set((eb) => columnValues(eb, entity, set, 'params.set'))
      .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, where))
      .returningAll(),
  );
}

/** Locked, so that they still are the rule's rows when they are changed. */
function matchingKeys({ entity, context }: Target, where: Rule): Promise<Row[]> {
  return fetchRows(context.db, entity, (db) =>
    entity.primaryKey
      .reduce(
        (sorted, column) => sorted.orderBy(column),
        db
          .selectFrom(tableOf(entity))
          .select(entity.primaryKey)
          .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, where)),
      )
      .limit(MOST_ROWS + 1)
      .forUpdate(),
  );
}

function refuseKeyChange({ primaryKey }: Entity, set: Record<string, Json>): void {
  const key = primaryKey.find((column) => Object.hasOwn(set, column));
  if (key === undefined) return;
  throw new StepError({
    code: 'invalid_params',
    message: `A bulk update changes no primary key: ${key} cannot be set.`,
    hint: `Leave ${key} out.`,
    path: `params.set.${key}`,
  });
}
