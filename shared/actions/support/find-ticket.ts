import { StepError } from '../../errors.ts';
import { getEntity, tableOf } from '../database/entity.ts';
import { fetchRows, keyRule, ownRows, type Row } from '../database/rows.ts';
import type { ActionContext } from '../types.ts';

/** A ticket of the workflow's organisation. @throws StepError `row_not_found` */
export async function findTicket(context: ActionContext, id: string): Promise<Row> {
  const entity = await getEntity(context.db, 'support_tickets');
  const [ticket] = await fetchRows(context.db, entity, (db) =>
    db
      .selectFrom(tableOf(entity))
      .selectAll()
      .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, keyRule(entity, id))),
  );
  if (ticket) return ticket;
  throw new StepError({
    code: 'row_not_found',
    message: `There is no ticket ${id} in this organisation.`,
    hint: 'It may be gone, or closed to the user the workflow runs as.',
    path: 'params.ticketId',
  });
}
