import { dataOf } from './error.ts';
import type { Page, PageOptions } from './types.ts';

interface Sliceable {
  lt(column: 'id', value: string): this;
  order(column: 'id', options: { ascending: boolean }): this;
  limit(count: number): this;
}

type Answer = PromiseLike<{ data: unknown[] | null; error: { message: string } | null }>;

/**
 * Reads a page of a query, newest first. Ids ascend with time, so the last one of a page says where the next begins,
 * whatever is added meanwhile.
 *
 * @throws WorkflowError
 */
export async function readPage<T extends { id: string }>(
  query: Sliceable & Answer,
  { limit = 50, after }: PageOptions,
): Promise<Page<T>> {
  const size = Math.min(Math.max(Math.trunc(limit), 1), 999);
  const slice = (after === undefined ? query : query.lt('id', after)).order('id', { ascending: false });
  // One more than asked for tells whether there is a next page.
  const rows = (await dataOf(slice.limit(size + 1))) as T[];
  const items = rows.slice(0, size);
  return { items, next: rows.length > size ? (items.at(-1)?.id ?? null) : null };
}
