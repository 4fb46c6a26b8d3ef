import { StepError } from '../../errors.ts';
import { type Bisected, writeBisected } from '../database/bisect.ts';
import type { Entity } from '../database/entity.ts';
import type { Database } from '../database/facade.ts';
import type { Item, Written } from '../database/row-set.ts';
import type { Row } from '../database/rows.ts';
import { checkColumns } from '../database/write.ts';
import { type Failure, failureOf, MOST_NAMED, rowsRefused } from './failures.ts';

/** Most rows of one bulk step. */
export const MOST_ROWS = 10_000;

export interface Bulk {
  db: Database;
  entity: Entity;
  /** `fail`: all rows or none. `skip`: those that can be written. */
  onRowError: 'fail' | 'skip';
  /** Where an item stands in the parameters, such as `params.rows[3]`. */
  at: (index: number) => string;
  /** Writes items that name the same columns, in one statement. */
  write: (items: readonly Item[], columns: readonly string[]) => Promise<Written[]>;
  /** What to say of an item whose row is not there; left out where rows are new. */
  missing?: (item: Item) => StepError;
}

/**
 * Writes items with as few statements as their columns allow, and knows those at fault.
 * @throws StepError `rows_refused` when one is and `onRowError` is `fail`; `details.failed` names them
 */
export async function writeAll(
  bulk: Bulk,
  items: readonly Item[],
): Promise<{ rows: Row[]; failed: Failure[] }> {
  const { fit, refused } = checkShapes(bulk, items);
  const most = bulk.onRowError === 'skip' ? Number.POSITIVE_INFINITY : MOST_NAMED;
  const written: Written[] = [];
  for (const [columns, group] of byColumns(fit)) {
    const found = await writeBisected(bulk.db, group, (part) => bulk.write(part, columns), most);
    written.push(...found.written);
    refused.push(...found.refused, ...missedOf(bulk, found));
  }
  refused.sort((a, b) => a.item.index - b.item.index);
  const failed = refused.map(({ item, error }) => failureOf(bulk, item, error as StepError));
  if (failed.length > 0 && bulk.onRowError === 'fail') throw rowsRefused(failed, items.length, bulk);
  return { rows: written.sort((a, b) => a.index - b.index).map(({ row }) => row), failed };
}

function missedOf({ missing }: Bulk, { missed }: Bisected): Bisected['refused'] {
  return missing ? missed.map((item) => ({ item, error: missing(item) })) : [];
}

/** Values of a shape that their column cannot take. A column that does not exist is no matter of one row. */
function checkShapes(
  { entity, at }: Bulk,
  items: readonly Item[],
): { fit: Item[]; refused: Bisected['refused'] } {
  const fit: Item[] = [];
  const refused: Bisected['refused'] = [];
  for (const item of items) {
    try {
      checkColumns(entity, item.values, at(item.index));
      fit.push(item);
    } catch (error) {
      if (!(error instanceof StepError) || error.code !== 'invalid_value') throw error;
      refused.push({ item, error });
    }
  }
  return { fit, refused };
}

function byColumns(items: readonly Item[]): [string[], Item[]][] {
  const groups = new Map<string, [string[], Item[]]>();
  for (const item of items) {
    const columns = Object.keys(item.values).sort();
    const name = JSON.stringify(columns);
    const group = groups.get(name);
    if (group) group[1].push(item);
    else groups.set(name, [columns, [item]]);
  }
  return [...groups.values()];
}
