import { z } from 'zod';
import { getEntity, tableOf } from '../database/entity.ts';
import { fetchRows, keyRule, ownRows } from '../database/rows.ts';
import { ruleSchema } from '../database/rule.ts';
import { columnValues, refuseTenantChange } from '../database/write.ts';
import { defineAction } from '../define.ts';
import { ENTITY_ERRORS, entityName, row, rowId, values } from './fields.ts';
import { rowNotFound, tooManyRows } from './refusals.ts';

const MOST_ROWS = 1_000;

export const updateEntity = defineAction({
  name: 'updateEntity',
  kind: 'database',
  description: 'Changes one row by its id, or up to 1,000 rows by a rule tree.',
  params: z
    .strictObject({
      entity: entityName,
      id: rowId.optional(),
      where: ruleSchema.optional().describe('Which rows to change, instead of `id`.'),
      set: values.describe('New values, column by column; null empties a column.'),
    })
    .refine(({ id, where }) => (id === undefined) !== (where === undefined), 'Give either `id` or `where`.'),
  result: z.strictObject({
    count: z.int().describe('Rows that were changed.'),
    rows: z.array(row).describe('The rows as they are now.'),
  }),
  errors: [
    ...ENTITY_ERRORS,
    'rule_not_supported',
    'foreign_organization',
    'invalid_value',
    'row_not_found',
    'too_many_rows',
  ],
  example: { entity: 'leads', id: { $: 'trigger.record.id' }, set: { status: 'qualified' } },
  async run(params, context) {
    const entity = await getEntity(context.db, params.entity);
    refuseTenantChange(entity, params.set);
    const where = params.id === undefined ? params.where : keyRule(entity, params.id);
    const rows = await fetchRows(context.db, entity, (db) =>
      db
        .updateTable(tableOf(entity))
        .set((eb) => columnValues(eb, entity, params.set, 'params.set'))
        .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, where))
        .returningAll(),
    );
    if (params.id !== undefined && rows.length === 0) throw rowNotFound(entity, params.id);
    if (rows.length > MOST_ROWS) throw tooManyRows(entity, rows.length, MOST_ROWS, 'bulkUpdate');
    return { count: rows.length, rows };
  },
});
