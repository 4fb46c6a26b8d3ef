import { beforeAll, describe, expect, it } from 'vitest';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

let runner: Runner;
let other: string;
let billing: string;

async function category(own: string, name: string, keywords: Record<string, number>): Promise<string> {
  const { id } = await insert('ticket_categories', { organization_id: own, name });
  for (const [keyword, weight] of Object.entries(keywords))
    await insert('ticket_category_rules', { organization_id: own, category_id: id, keyword, weight });
  return id as string;
}

beforeAll(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'viewer', [other]: 'owner' }), organization: own };
  billing = await category(own, 'Billing', { refund: 3, invoice: 2, '"credit card"': 4, 'price list': 1 });
  await category(own, 'Technical', { error: 3, login: 2, refund: -5 });
  await category(other, 'Foreign', { refund: 100 });
});

const categorize = (params: object) => run(runner, 'categorizeTicket', params as never);

describe('categorizeTicket', () => {
  it('finds the category by its keywords, in other forms of the word too, and explains itself', async () => {
    const ticket = await insert('support_tickets', {
      organization_id: runner.organization,
      subject: 'Invoices are wrong',
      body: 'I get an error when I open the invoice. My credit card was charged.',
    });
    expect(await categorize({ ticketId: ticket.id })).toEqual({
      categoryId: billing,
      category: 'Billing',
      // Billing: 2 twice for the subject, 2 and 4 for the text; Technical: 3.
      confidence: 0.77,
      candidates: [
        { categoryId: billing, category: 'Billing', score: 10, keywords: ['"credit card"', 'invoice'] },
        { categoryId: expect.any(String), category: 'Technical', score: 3, keywords: ['error'] },
      ],
    });
  });

  it('lets keywords speak against a category', async () => {
    const { candidates } = await categorize({ subject: 'Login', body: 'Login, or I want a refund' });
    expect(candidates).toMatchObject([
      { category: 'Billing', score: 3 },
      { category: 'Technical', score: 1 },
    ]);
  });

  it('asks for phrases as phrases', async () => {
    expect(await categorize({ subject: 'The card', body: 'deserves credit' })).toMatchObject({
      candidates: [],
    });
  });

  it('gives no category when no keyword is found, or too little speaks for one', async () => {
    const none = { categoryId: null, category: null, confidence: 0 };
    expect(await categorize({ subject: 'Hello' })).toEqual({ ...none, candidates: [] });
    expect(await categorize({ subject: 'Hello', body: 'refund', leastScore: 4 })).toMatchObject({
      ...none,
      candidates: [{ category: 'Billing', score: 3 }],
    });
  });

  it('does not find a ticket of another organisation', async () => {
    const foreign = await insert('support_tickets', { organization_id: other, subject: 'Refund' });
    for (const ticketId of [foreign.id, 'no-id'])
      expect(await failure(categorize({ ticketId }))).toMatchObject({
        code: 'row_not_found',
        path: 'params.ticketId',
      });
  });

  it('asks for either a ticket or a subject', async () => {
    for (const params of [{}, { ticketId: 'x', subject: 'y' }, { subject: '' }])
      expect(await failure(categorize(params))).toMatchObject({ code: 'invalid_params' });
  });
});
