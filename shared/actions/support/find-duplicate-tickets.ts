import { z } from 'zod';
import type { Json } from '../../errors.ts';
import { getEntity, tableOf } from '../database/entity.ts';
import { type Builder, typedValue } from '../database/operand.ts';
import { fetchRows, ownRows, type Row } from '../database/rows.ts';
import { defineAction } from '../define.ts';
import { row } from '../entity/fields.ts';
import type { ActionContext } from '../types.ts';
import { findTicket } from './find-ticket.ts';

const DAY_MS = 86_400_000;
const COMPARED_CHARACTERS = 500;

const params = z
  .strictObject({
    ticketId: z.string().min(1).optional().describe('Ticket to find the like of.'),
    subject: z.string().min(1).optional().describe('Subject of a ticket that is not there yet, instead.'),
    body: z.string().default('').describe('Its text, together with `subject`.'),
    threshold: z
      .number()
      .min(0.1)
      .max(1)
      .default(0.4)
      .describe('Least similarity: the part of their letter triples that two tickets share.'),
    withinDays: z.int().min(1).max(3_650).default(30).describe('Only tickets of so many days.'),
    limit: z.int().min(1).max(50).default(10).describe('Most tickets to return.'),
  })
  .refine(
    ({ ticketId, subject }) => (ticketId === undefined) !== (subject === undefined),
    'Give either `ticketId` or `subject`.',
  );
type Params = z.output<typeof params>;

export const findDuplicateTickets = defineAction({
  name: 'findDuplicateTickets',
  kind: 'database',
  description: 'Finds tickets that say nearly the same, by the similarity of subject and text.',
  params,
  result: z.strictObject({
    count: z.int().describe('How many were found, `limit` at most.'),
    duplicates: z
      .array(
        z.strictObject({
          id: z.string().describe('The ticket.'),
          similarity: z.number().describe('From 0 to 1; 1 for the same words.'),
          ticket: row.describe('Its row.'),
        }),
      )
      .describe('The most similar first; the ticket itself is not among them.'),
  }),
  errors: ['row_not_found'],
  example: { ticketId: { $: 'trigger.record.id' }, threshold: 0.5, withinDays: 14 },
  async run(given, context) {
    const ticket = given.ticketId === undefined ? undefined : await findTicket(context, given.ticketId);
    const text = ticket ? String(ticket.match_text) : textOf(given);
    const similar = await findSimilar(context, given, text, ticket?.id ?? null);
    const rows = await ticketsOf(context, [...similar.keys()]);
    const duplicates = rows
      .map((each) => ({ id: String(each.id), similarity: similar.get(String(each.id)) ?? 0, ticket: each }))
      .sort((a, b) => b.similarity - a.similarity || a.id.localeCompare(b.id));
    return { count: duplicates.length, duplicates };
  },
});

/** As `support_tickets.match_text` makes it. */
function textOf({ subject = '', body }: Params): string {
  return `${subject} ${[...body].slice(0, COMPARED_CHARACTERS).join('')}`;
}

async function findSimilar(
  { db, organizationId, now }: ActionContext,
  { threshold, withinDays, limit }: Params,
  text: string,
  except: Json,
): Promise<Map<string, number>> {
  const since = new Date(now.getTime() - withinDays * DAY_MS).toISOString();
  const found = await db
    .selectFrom((eb) => {
      const bind = (value: Json, type: string) => typedValue(eb as Builder, value, type);
      return eb
        .fn<Row>('workflow.similar_tickets', [
          bind(organizationId, 'uuid'),
          bind(text, 'text'),
          bind(threshold, 'real'),
          bind(since, 'timestamp with time zone'),
          bind(except, 'uuid'),
          bind(limit, 'integer'),
        ])
        .as('similar');
    })
    .select(['id', 'similarity'])
    .execute();
  return new Map(found.map(({ id, similarity }) => [String(id), Number(similarity)]));
}

/** Under row-level security, like every read. */
async function ticketsOf({ db, organizationId, now }: ActionContext, ids: string[]): Promise<Row[]> {
  if (ids.length === 0) return [];
  const entity = await getEntity(db, 'support_tickets');
  const where = { field: 'id', op: 'in' as const, value: ids };
  return fetchRows(db, entity, (on) =>
    on
      .selectFrom(tableOf(entity))
      .selectAll()
      .where((eb) => ownRows(eb, organizationId, { entity, now }, where)),
  );
}
