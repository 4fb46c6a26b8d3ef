import { isAboutRow } from './errors.ts';
import type { Database } from './facade.ts';
import type { Item, Written } from './row-set.ts';

/** What became of the items of a set. */
export interface Bisected {
  written: Written[];
  /** Items that the database refused, with its errors. */
  refused: { item: Item; error: unknown }[];
  /** Items whose row the statement did not find. */
  missed: Item[];
}

/**
 * Writes rows as one set. Where the set is refused for the data of a row, its halves are tried, and theirs,
 * until the rows at fault are known: all others are written.
 *
 * @param write one statement for all items that it is given
 * @param most how many rows at fault to look for before giving up
 * @throws StepError what every row would meet, such as `not_allowed` or `deadlock`
 */
export async function writeBisected(
  db: Database,
  items: readonly Item[],
  write: (items: readonly Item[]) => Promise<Written[]>,
  most: number,
): Promise<Bisected> {
  const result: Bisected = { written: [], refused: [], missed: [] };
  const open = items.length > 0 ? [items] : [];
  for (let part = open.pop(); part && result.refused.length < most; part = open.pop()) {
    const tried = part;
    try {
      const written = await db.attempt(() => write(tried));
      const reached = new Set(written.map(({ index }) => index));
      result.written.push(...written);
      result.missed.push(...tried.filter(({ index }) => !reached.has(index)));
    } catch (error) {
      if (!isAboutRow(error)) throw error;
      const middle = Math.ceil(tried.length / 2);
      // The left half is taken up first: rows are written in their order.
      if (tried.length > 1) open.push(tried.slice(middle), tried.slice(0, middle));
      else result.refused.push(...tried.map((item) => ({ item, error })));
    }
  }
  return result;
}
