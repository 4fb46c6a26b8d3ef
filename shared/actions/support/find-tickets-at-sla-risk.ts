import { z } from 'zod';
import { getEntity, tableOf } from '../database/entity.ts';
import type { Builder } from '../database/operand.ts';
import { fetchRows, ownRows, type Row } from '../database/rows.ts';
import type { Rule } from '../database/rule.ts';
import { defineAction } from '../define.ts';
import { row } from '../entity/fields.ts';

const MINUTE_MS = 60_000;

export const findTicketsAtSLARisk = defineAction({
  name: 'findTicketsAtSLARisk',
  kind: 'database',
  description:
    'Finds tickets whose first response or resolution is overdue or due soon, the most urgent first.',
  params: z.strictObject({
    withinMinutes: z
      .int()
      .min(0)
      .max(43_200)
      .default(60)
      .describe('How soon something is due, in minutes; 0 for what is overdue alone.'),
    limit: z.int().min(1).max(500).default(100).describe('Most tickets to return.'),
  }),
  result: z.strictObject({
    count: z.int().describe('How many were found, `limit` at most.'),
    breached: z.int().describe('How many of them are overdue.'),
    tickets: z
      .array(
        z.strictObject({
          id: z.string().describe('The ticket.'),
          promise: z.enum(['first_response', 'resolution']).describe('What is due first.'),
          dueAt: z.string().describe('When.'),
          minutesLeft: z.number().describe('Whole minutes from now; negative when overdue.'),
          breached: z.boolean().describe('Whether it is overdue.'),
          ticket: row.describe('Its row.'),
        }),
      )
      .describe('Open tickets and those in progress; while one waits for the customer nothing is due.'),
  }),
  example: { withinMinutes: 30 },
  async run({ withinMinutes, limit }, { db, organizationId, now }) {
    const entity = await getEntity(db, 'support_tickets');
    const where = dueBefore(new Date(now.getTime() + withinMinutes * MINUTE_MS).toISOString());
    const rows = await fetchRows(db, entity, (on) =>
      on
        .selectFrom(tableOf(entity))
        .select(Object.keys(entity.columns))
        .where((eb) => ownRows(eb, organizationId, { entity, now }, where))
        .orderBy((eb) => firstDue(eb as Builder))
        .orderBy('id')
        .limit(limit),
    );
    const tickets = rows.map((ticket) => riskOf(ticket, now));
    return { count: tickets.length, breached: tickets.filter(({ breached }) => breached).length, tickets };
  },
});

function dueBefore(horizon: string): Rule {
  const due = (dueAt: string, doneAt: string): Rule => ({
    all: [
      { field: doneAt, op: 'isNull' },
      { field: dueAt, op: 'lte', value: horizon },
    ],
  });
  return {
    all: [
      { field: 'status', op: 'in', value: ['open', 'in_progress'] },
      {
        any: [due('first_response_due_at', 'first_responded_at'), due('resolution_due_at', 'resolved_at')],
      },
    ],
  };
}

/** The earlier of what is still to be done; `least` passes over null. */
function firstDue(eb: Builder) {
  const open = (dueAt: string, doneAt: string) =>
    eb.case().when(doneAt, 'is', null).then(eb.ref(dueAt)).end();
  return eb.fn('least', [
    open('first_response_due_at', 'first_responded_at'),
    open('resolution_due_at', 'resolved_at'),
  ]);
}

function riskOf(ticket: Row, now: Date) {
  const response = ticket.first_responded_at === null ? momentOf(ticket.first_response_due_at) : Infinity;
  const resolution = ticket.resolved_at === null ? momentOf(ticket.resolution_due_at) : Infinity;
  const dueAt = Math.min(response, resolution);
  return {
    id: String(ticket.id),
    promise: response <= resolution ? ('first_response' as const) : ('resolution' as const),
    dueAt: new Date(dueAt).toISOString(),
    minutesLeft: Math.floor((dueAt - now.getTime()) / MINUTE_MS),
    breached: dueAt < now.getTime(),
    ticket,
  };
}

function momentOf(value: Row[string] | undefined): number {
  return value === null || value === undefined ? Infinity : Date.parse(String(value));
}
