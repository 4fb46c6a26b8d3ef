import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { type Entity, getEntity, tableOf } from '../database/entity.ts';
import { fetchRows, keyRule, ownRows } from '../database/rows.ts';
import { ruleSchema } from '../database/rule.ts';
import { columnValues, refuseTenantChange } from '../database/write.ts';
import { defineAction } from '../define.ts';
import { entityName, row, rowId, values } from './fields.ts';

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
    if (params.id !== undefined && rows.length === 0) throw notFound(entity, params.id);
    if (rows.length > MOST_ROWS) throw tooMany(entity, rows.length);
    return { count: rows.length, rows };
  },
});

function notFound(entity: Entity, id: unknown): StepError {
  return new StepError({
    code: 'row_not_found',
    message: `${entity.table} has no row ${JSON.stringify(id)} that this workflow may change.`,
    hint: 'It may be gone, belong to another organisation, or be closed to the user the workflow runs as. Use `where` if none is fine.',
    path: 'params.id',
  });
}

/** Raised after the statement: the step's transaction takes it back. */
function tooMany(entity: Entity, count: number): StepError {
  return new StepError({
    code: 'too_many_rows',
    message: `The rule matches ${count} rows of ${entity.table}; one step changes at most ${MOST_ROWS}.`,
    hint: 'Narrow `where`, or use bulkUpdate.',
    path: 'params.where',
  });
}
