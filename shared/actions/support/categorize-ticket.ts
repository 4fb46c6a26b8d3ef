import { z } from 'zod';
import { search, textVector } from '../database/match.ts';
import { type Builder, typedValue } from '../database/operand.ts';
import { defineAction } from '../define.ts';
import type { ActionContext } from '../types.ts';
import { findTicket } from './find-ticket.ts';

/** How much more a keyword in the subject says than one in the text. */
const SUBJECT_FACTOR = 2;

const candidateSchema = z.strictObject({
  categoryId: z.string().describe('The category.'),
  category: z.string().describe('Its name.'),
  score: z.number().describe('Weights of its keywords that were found; those in the subject count twice.'),
  keywords: z.array(z.string()).describe('The keywords that were found.'),
});
type Candidate = z.output<typeof candidateSchema>;

export const categorizeTicket = defineAction({
  name: 'categorizeTicket',
  kind: 'database',
  description:
    'Finds the category of a ticket by the weighted keywords of `ticket_category_rules`; writes nothing.',
  params: z
    .strictObject({
      ticketId: z.string().min(1).optional().describe('Ticket to read and categorise.'),
      subject: z.string().min(1).optional().describe('Subject of a ticket at hand, instead of `ticketId`.'),
      body: z.string().default('').describe('Its text, together with `subject`.'),
      leastScore: z.number().min(0).default(1).describe('Below this score a ticket has no category.'),
    })
    .refine(
      ({ ticketId, subject }) => (ticketId === undefined) !== (subject === undefined),
      'Give either `ticketId` or `subject`.',
    ),
  result: z.strictObject({
    categoryId: z.string().nullable().describe('The best category; null when none reaches `leastScore`.'),
    category: z.string().nullable().describe('Its name.'),
    confidence: z.number().describe('Its part, from 0 to 1, of the scores of all categories.'),
    candidates: z.array(candidateSchema).describe('Every category that keywords speak for, the best first.'),
  }),
  errors: ['row_not_found'],
  example: { ticketId: { $: 'trigger.record.id' }, leastScore: 3 },
  async run(given, context) {
    const ticket = given.ticketId === undefined ? given : await findTicket(context, given.ticketId);
    const found = await findKeywords(context, String(ticket.subject), String(ticket.body));
    const candidates = candidatesOf(found);
    const [best] = candidates;
    const total = candidates.reduce((sum, { score }) => sum + score, 0);
    const chosen = best && best.score >= given.leastScore ? best : undefined;
    return {
      categoryId: chosen?.categoryId ?? null,
      category: chosen?.category ?? null,
      confidence: chosen ? round(chosen.score / total) : 0,
      candidates,
    };
  },
});

interface Found {
  categoryId: string;
  category: string;
  keyword: string;
  points: number;
}

async function findKeywords(
  { db, organizationId }: ActionContext,
  subject: string,
  body: string,
): Promise<Found[]> {
  const rows = await db
    .selectFrom('public.ticket_category_rules as rule')
    .innerJoin('public.ticket_categories as category', 'category.id', 'rule.category_id')
    .select(['category.id', 'category.name', 'rule.keyword', 'rule.weight'])
    .select((eb) => isIn(eb as Builder, subject).as('in_subject'))
    .select((eb) => isIn(eb as Builder, body).as('in_body'))
    .where((eb) => eb('rule.organization_id', '=', typedValue(eb as Builder, organizationId, 'uuid')))
    .execute();
  return rows.flatMap(({ id, name, keyword, weight, in_subject: inSubject, in_body: inBody }) => {
    const points = Number(weight) * ((inSubject ? SUBJECT_FACTOR : 0) + (inBody ? 1 : 0));
    return points === 0
      ? []
      : [{ categoryId: String(id), category: String(name), keyword: String(keyword), points }];
  });
}

/** By full text, so that `refund` finds `refunds`. */
function isIn(eb: Builder, text: string) {
  return eb.and([search(eb, textVector(eb, typedValue(eb, text, 'text')), eb.ref('rule.keyword'))]);
}

/** What its keywords speak against is no candidate. Equal scores are in the order of their names. */
function candidatesOf(found: readonly Found[]): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const { categoryId, category, keyword, points } of found) {
    const candidate = candidates.get(categoryId) ?? { categoryId, category, score: 0, keywords: [] };
    candidate.score = round(candidate.score + points);
    candidate.keywords.push(keyword);
    candidates.set(categoryId, candidate);
  }
  for (const { keywords } of candidates.values()) keywords.sort();
  return [...candidates.values()]
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.category < b.category ? -1 : 1));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
