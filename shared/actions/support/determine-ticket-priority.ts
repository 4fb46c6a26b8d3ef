import { z } from 'zod';
import { defineAction } from '../define.ts';
import { row } from '../entity/fields.ts';
import { findTicket } from './find-ticket.ts';
import { prioritize } from './priority.ts';
import { impacts, thresholdsSchema, weightsSchema, wordsSchema } from './priority-options.ts';

export const determineTicketPriority = defineAction({
  name: 'determineTicketPriority',
  kind: 'database',
  description:
    'Determines how urgent a ticket is by customer, impact and words, and explains it; writes nothing.',
  params: z
    .strictObject({
      ticketId: z.string().min(1).optional().describe('Ticket to read and judge.'),
      ticket: row.optional().describe('A ticket at hand, such as `trigger.record`, instead of `ticketId`.'),
      impact: z.enum(impacts).default('one').describe('How many people cannot work: one, several or all.'),
      weights: weightsSchema.prefault({}).describe('Points of each customer tier and of each impact.'),
      words: wordsSchema.describe(
        'Words and phrases that make a ticket more urgent, or less, and by how many points.',
      ),
      thresholds: thresholdsSchema
        .prefault({})
        .describe('Least score of each priority; below all it is low.'),
    })
    .refine(
      ({ ticketId, ticket }) => (ticketId === undefined) !== (ticket === undefined),
      'Give either `ticketId` or `ticket`.',
    ),
  result: z.strictObject({
    priority: z.enum(['low', 'normal', 'high', 'urgent']).describe('As `support_tickets.priority` takes it.'),
    score: z.number().describe('Points of all parts.'),
    parts: z
      .array(
        z.strictObject({
          name: z.enum(['customer', 'impact', 'words']).describe('What was looked at.'),
          points: z.number().describe('What it adds to the score.'),
          reason: z.string().describe('Why.'),
        }),
      )
      .describe('What the score is made of.'),
  }),
  errors: ['row_not_found'],
  example: {
    ticketId: { $: 'trigger.record.id' },
    impact: 'several',
    words: { outage: 40, 'no hurry': -20 },
  },
  async run({ ticketId, ticket, ...options }, context) {
    return prioritize(ticket ?? (await findTicket(context, ticketId ?? '')), options);
  },
});
