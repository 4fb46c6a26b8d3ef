import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { columnsOf, dataOf } from './data-api.ts';

/** Query parameters of every list. */
export const paging = {
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
  after: z.uuid().optional().describe('`next` of the page before.'),
};

interface List {
  table: string;
  item: z.ZodObject;
  limit: number;
  after: string | undefined;
  /** By column; undefined for any. */
  filters: Record<string, string | undefined>;
  /** Newest first unless told. */
  ascending?: boolean;
}

/** A page of a table, by id: ids ascend with time, and a page costs the same wherever it is. */
export async function pageOf(
  supabase: SupabaseClient,
  { table, item, limit, after, filters, ascending = false }: List,
): Promise<{ data: { id: string }[]; next: string | null }> {
  let query = supabase.from(table).select(columnsOf(item));
  for (const [column, value] of Object.entries(filters)) {
    if (value !== undefined) query = query.eq(column, value);
  }
  if (after !== undefined) query = ascending ? query.gt('id', after) : query.lt('id', after);
  const found = dataOf(await query.order('id', { ascending }).limit(limit + 1)) as unknown as {
    id: string;
  }[];
  const data = found.slice(0, limit);
  return { data, next: found.length > limit ? (data.at(-1)?.id ?? null) : null };
}
