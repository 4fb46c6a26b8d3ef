import { z } from 'zod';
import { getEntity, tableOf } from '../database/entity.ts';
import { fetchRows } from '../database/rows.ts';
import { columnValues, withTenant } from '../database/write.ts';
import { defineAction } from '../define.ts';
import { ENTITY_ERRORS, entityName, row, values } from './fields.ts';

export const createEntity = defineAction({
  name: 'createEntity',
  kind: 'database',
  description: "Inserts one row into a table, for the workflow's organisation.",
  params: z.strictObject({
    entity: entityName,
    values: values.describe('Columns of the new row. The organisation is set by itself.'),
  }),
  result: z.strictObject({ row: row.describe('The row as it was written, defaults included.') }),
  errors: [...ENTITY_ERRORS, 'foreign_organization', 'invalid_value'],
  example: {
    entity: 'leads',
    values: { name: '{{ input.name }}', email: { $: 'input.email' }, source: 'website' },
  },
  async run(params, context) {
    const entity = await getEntity(context.db, params.entity);
    const given = withTenant(entity, params.values, context.organizationId);
    const [written] = await fetchRows(context.db, entity, (db) =>
      db
        .insertInto(tableOf(entity))
        .values((eb) => columnValues(eb, entity, given, 'params.values'))
        .returningAll(),
    );
    return { row: written ?? {} };
  },
});
