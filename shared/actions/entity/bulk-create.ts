import { z } from 'zod';
import { getEntity } from '../database/entity.ts';
import { insertSet } from '../database/row-set.ts';
import { withTenant } from '../database/write.ts';
import { defineAction } from '../define.ts';
import { MOST_ROWS, writeAll } from './bulk.ts';
import { failures, onRowError } from './failures.ts';
import { bulkSelect, ENTITY_ERRORS, entityName, pick, requireColumns, row, values } from './fields.ts';

export const bulkCreate = defineAction({
  name: 'bulkCreate',
  kind: 'database',
  description: 'Inserts up to 10,000 rows in one statement: all of them, or those that can be written.',
  params: z.strictObject({
    entity: entityName,
    rows: z
      .array(values)
      .max(MOST_ROWS)
      .describe('The new rows, column by column; what a row leaves out gets its default.'),
    onRowError,
    select: bulkSelect,
  }),
  result: z.strictObject({
    count: z.int().describe('Rows that were inserted.'),
    rows: z
      .array(row)
      .describe('The rows as they were written, in the order of `rows`; of each the columns of `select`.'),
    failed: failures,
  }),
  errors: [...ENTITY_ERRORS, 'foreign_organization', 'rows_refused'],
  example: { entity: 'leads', rows: { $: 'input.rows' }, onRowError: 'skip', select: ['id', 'email'] },
  async run(params, { db, organizationId }) {
    const entity = await getEntity(db, params.entity);
    requireColumns(entity, params.select);
    const at = (index: number) => `params.rows[${index}]`;
    const items = params.rows.map((given, index) => ({
      index,
      values: withTenant(entity, given, organizationId, at(index)),
    }));
    const { rows, failed } = await writeAll(
      { db, entity, at, onRowError: params.onRowError, write: (part) => insertSet(db, entity, part) },
      items,
    );
    return {
      count: rows.length,
      rows: rows.map((each) => pick(each, params.select ?? entity.primaryKey)),
      failed,
    };
  },
});
