import type { Json } from '../../errors.ts';
import { StepError } from '../../errors.ts';
import type { Entity } from './entity.ts';
import { requireColumn } from './entity.ts';
import { type Builder, typedValue } from './operand.ts';
import type { Condition } from './rule-to-sql.ts';

export interface Order {
  field: string;
  direction: 'asc' | 'desc';
}

/** The wanted order, with the primary key behind it so that no two rows are in the same place. */
export function totalOrder(entity: Entity, order: readonly Order[]): Order[] {
  const wanted = order.map(({ field, direction }, index) => {
    requireColumn(entity, field, `params.order[${index}].field`);
    return { field, direction };
  });
  const rest = entity.primaryKey.filter((column) => !wanted.some(({ field }) => field === column));
  return [...wanted, ...rest.map((field) => ({ field, direction: 'asc' as const }))];
}

/** Where the next page starts: the ordering columns of this page's last row. */
export function cursorOf(order: readonly Order[], row: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(order.map(({ field }) => [field, row[field] ?? null]));
}

/**
 * Rows behind a cursor. Postgres sorts null last when ascending and first when descending, so null
 * has a place of its own in each direction.
 *
 * @throws StepError `invalid_cursor`
 */
export function behindCursor(
  eb: Builder,
  entity: Entity,
  order: readonly Order[],
  after: Record<string, Json>,
): Condition {
  const missing = order.find(({ field }) => after[field] === undefined);
  if (missing || Object.keys(after).length !== order.length)
    throw new StepError({
      code: 'invalid_cursor',
      message: missing ? `The cursor has no "${missing.field}".` : 'The cursor belongs to another order.',
      hint: 'Pass `next` of the page before, with the same `order`.',
      path: 'params.after',
    });
  return order.reduceRight<Condition>((rest, { field, direction }) => {
    const value = after[field] ?? null;
    const bound = () =>
      typedValue(eb, value, requireColumn(entity, field, 'params.after').type, `params.after.${field}`);
    if (value === null) {
      const tied = eb.and([eb(field, 'is', null), rest]);
      return direction === 'asc' ? tied : eb.or([eb(field, 'is not', null), tied]);
    }
    const tied = eb.and([eb(field, '=', bound()), rest]);
    return direction === 'asc'
      ? eb.or([eb(field, '>', bound()), eb(field, 'is', null), tied])
      : eb.or([eb(field, '<', bound()), tied]);
  }, eb.lit(false));
}
