import { z } from 'zod';
import { getEntity } from '../database/entity.ts';
import { ruleSchema } from '../database/rule.ts';
import { defineAction } from '../define.ts';
import { MOST_ROWS } from './bulk.ts';
import { failures, onRowError } from './failures.ts';
import { bulkSelect, ENTITY_ERRORS, entityName, pick, requireColumns, row, values } from './fields.ts';
import { updateAlike } from './update-alike.ts';
import { updateEach } from './update-each.ts';

export const bulkUpdate = defineAction({
  name: 'bulkUpdate',
  kind: 'database',
  description: 'Changes up to 10,000 rows in one statement: those of a rule alike, or each in its own way.',
  params: z
    .strictObject({
      entity: entityName,
      where: ruleSchema.optional().describe('Which rows to change alike, together with `set`.'),
      set: values.optional().describe('New values of the rows of `where`; null empties a column.'),
      rows: z
        .array(values)
        .max(MOST_ROWS)
        .optional()
        .describe('Rows to change, each its primary key and its new values; instead of `where` and `set`.'),
      onRowError,
      select: bulkSelect,
    })
    .refine(
      ({ where, set, rows }) => (rows === undefined ? where && set : !where && !set),
      'Give either `where` and `set`, or `rows`.',
    ),
  result: z.strictObject({
    count: z.int().describe('Rows that were changed.'),
    rows: z
      .array(row)
      .describe('The rows as they are now, those of `rows` in its order; of each the columns of `select`.'),
    failed: failures,
  }),
  errors: [
    ...ENTITY_ERRORS,
    'rule_not_supported',
    'foreign_organization',
    'invalid_value',
    'rows_refused',
    'too_many_rows',
  ],
  example: {
    entity: 'leads',
    where: { field: 'source', op: 'eq', value: 'webinar' },
    set: { status: 'nurturing' },
  },
  async run({ where, set = {}, rows: given, ...params }, context) {
    const entity = await getEntity(context.db, params.entity);
    requireColumns(entity, params.select);
    const target = { entity, context, onRowError: params.onRowError };
    const { rows, failed } = where
      ? await updateAlike(target, where, set)
      : await updateEach(target, given ?? []);
    return {
      count: rows.length,
      rows: rows.map((each) => pick(each, params.select ?? entity.primaryKey)),
      failed,
    };
  },
});
