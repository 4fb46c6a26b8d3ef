import { z } from 'zod';
import { getEntity, tableOf } from '../database/entity.ts';
import { fetchRows, keyRule, ownRows } from '../database/rows.ts';
import { ruleSchema } from '../database/rule.ts';
import { defineAction } from '../define.ts';
import { ENTITY_ERRORS, entityName, row, rowId } from './fields.ts';
import { rowNotFound, tooManyRows } from './refusals.ts';

const MOST_ROWS = 1_000;

export const deleteEntity = defineAction({
  name: 'deleteEntity',
  kind: 'database',
  description: 'Deletes one row by its id, or up to 1,000 rows by a rule tree.',
  params: z
    .strictObject({
      entity: entityName,
      id: rowId.optional(),
      where: ruleSchema.optional().describe('Which rows to delete, instead of `id`.'),
    })
    .refine(({ id, where }) => (id === undefined) !== (where === undefined), 'Give either `id` or `where`.'),
  result: z.strictObject({
    count: z.int().describe('Rows that were deleted.'),
    rows: z.array(row).describe('The rows as they were.'),
  }),
  errors: [...ENTITY_ERRORS, 'rule_not_supported', 'row_not_found', 'too_many_rows'],
  example: {
    entity: 'leads',
    where: {
      all: [
        { field: 'status', op: 'eq', value: 'lost' },
        { field: 'updated_at', op: 'before', value: { now: '-365d' } },
      ],
    },
  },
  async run(params, context) {
    const entity = await getEntity(context.db, params.entity);
    const where = params.id === undefined ? params.where : keyRule(entity, params.id);
    const rows = await fetchRows(context.db, entity, (db) =>
      db
        .deleteFrom(tableOf(entity))
        .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, where))
        .returningAll(),
    );
    if (params.id !== undefined && rows.length === 0) throw rowNotFound(entity, params.id);
    if (rows.length > MOST_ROWS) throw tooManyRows(entity, rows.length, MOST_ROWS);
    return { count: rows.length, rows };
  },
});
