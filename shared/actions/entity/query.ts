import { z } from 'zod';
import { type Entity, getEntity, tableOf } from '../database/entity.ts';
import { behindCursor, cursorOf, type Order, totalOrder } from '../database/keyset.ts';
import { fetchRows, ownRows, type Row } from '../database/rows.ts';
import { ruleSchema } from '../database/rule.ts';
import { defineAction } from '../define.ts';
import type { ActionContext } from '../types.ts';
import { ENTITY_ERRORS, entityName, pick, requireColumns, row, select } from './fields.ts';

const params = z.strictObject({
  entity: entityName,
  where: ruleSchema.optional().describe('Which rows; all of the organisation when left out.'),
  select,
  order: z
    .array(
      z.strictObject({
        field: z.string().describe('A column.'),
        direction: z.enum(['asc', 'desc']).default('asc').describe('Null is last in `asc`, first in `desc`.'),
      }),
    )
    .default([])
    .describe('Columns to sort by; the primary key decides between equals.'),
  limit: z.int().min(1).max(1_000).default(100).describe('Most rows to return, at most 1,000.'),
  after: z
    .record(z.string(), z.json())
    .nullish()
    .describe('`next` of the page before, with the same order; null for the first page.'),
  count: z.boolean().default(false).describe('Whether to count all rows of `where`, beyond limit and page.'),
});
type Params = z.output<typeof params>;

const result = z.strictObject({
  rows: z.array(row),
  hasMore: z.boolean().describe('Whether rows are left behind this page.'),
  next: z.record(z.string(), z.json()).nullable().describe('`after` of the next page; null on the last.'),
  count: z.int().nullable().describe('Rows of `where` in all; null unless `count` was asked for.'),
});

export const query = defineAction({
  name: 'query',
  kind: 'database',
  description: 'Reads rows of a table by a rule tree, sorted and in pages.',
  params,
  result,
  errors: [...ENTITY_ERRORS, 'rule_not_supported', 'invalid_cursor'],
  example: {
    entity: 'leads',
    where: {
      all: [
        { field: 'status', op: 'in', value: ['new', 'contacted'] },
        { field: 'created_at', op: 'after', value: { now: '-7d' } },
      ],
    },
    select: ['id', 'name', 'score'],
    order: [{ field: 'score', direction: 'desc' }],
    limit: 20,
  },
  async run(given, context) {
    const entity = await getEntity(context.db, given.entity);
    const order = totalOrder(entity, given.order);
    const found = await page(given, context, entity, order);
    const rows = found.slice(0, given.limit);
    const last = found.length > given.limit ? rows.at(-1) : undefined;
    return {
      rows: rows.map((each) => pick(each, given.select)),
      hasMore: last !== undefined,
      next: last ? cursorOf(order, last) : null,
      count: given.count ? await countAll(given, context, entity) : null,
    };
  },
});

/** One row more than asked for tells whether there is another page. */
function page(given: Params, context: ActionContext, entity: Entity, order: Order[]): Promise<Row[]> {
  const columns = given.select
    ? [...new Set([...given.select, ...order.map(({ field }) => field)])]
    : Object.keys(entity.columns);
  requireColumns(entity, given.select);
  return fetchRows(context.db, entity, (db) => {
    const matching = db
      .selectFrom(tableOf(entity))
      .select(columns)
      .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, given.where));
    const { after } = given;
    const behind = after ? matching.where((eb) => behindCursor(eb, entity, order, after)) : matching;
    return order
      .reduce((sorted, { field, direction }) => sorted.orderBy(field, direction), behind)
      .limit(given.limit + 1);
  });
}

async function countAll(given: Params, context: ActionContext, entity: Entity): Promise<number> {
  const { count } = await context.db
    .selectFrom(tableOf(entity))
    .select((eb) => eb.fn.countAll().as('count'))
    .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, given.where))
    .executeTakeFirstOrThrow();
  return Number(count);
}
