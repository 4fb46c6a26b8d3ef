import { beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

let runner: Runner;
let other: string;
let ticket: { id: string };

beforeAll(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'viewer', [other]: 'owner' }), organization: own };
  ticket = (await insert('support_tickets', {
    organization_id: own,
    subject: 'OUTAGE: ticket shop',
    body: 'The shop has an outage. Urgent!',
    customer_tier: 'premium',
  })) as never;
});

const determine = (params: object) => run(runner, 'determineTicketPriority', params as never);

describe('determineTicketPriority', () => {
  it('judges a ticket by customer, impact and words, and explains it', async () => {
    expect(await determine({ ticketId: ticket.id, impact: 'several' })).toEqual({
      priority: 'urgent',
      score: 105,
      parts: [
        { name: 'customer', points: 25, reason: "The customer's tier is premium." },
        { name: 'impact', points: 20, reason: 'It affects several.' },
        { name: 'words', points: 60, reason: 'It says outage, urgent.' },
      ],
    });
  });

  it('writes nothing, so a viewer may run it', async () => {
    await determine({ ticketId: ticket.id });
    const [stored] = await sql`select priority from support_tickets where id = ${ticket.id}`;
    expect(stored?.priority).toBe('normal');
  });

  it.each([
    ['low', { customer_tier: 'free', subject: 'A question' }],
    ['normal', { subject: 'Hello' }],
    ['high', { customer_tier: 'vip', subject: 'Hello' }],
    ['urgent', { customer_tier: 'vip', subject: 'The shop is down', body: 'asap' }],
    ['normal', { subject: 'Download and shutdown' }],
  ])('finds %s for %j', async (priority, given) => {
    expect(await determine({ ticket: given })).toMatchObject({ priority });
  });

  it('takes other words, weights and thresholds', async () => {
    const params = {
      ticket: { subject: 'Die Kasse — ist aus!', customer_tier: 'vip' },
      words: { 'kasse ist aus': 7 },
      weights: { vip: 1 },
      thresholds: { normal: 0, high: 5, urgent: 8 },
    };
    expect(await determine(params)).toMatchObject({ priority: 'urgent', score: 8 });
    expect(await determine({ ...params, words: {} })).toMatchObject({ priority: 'normal', score: 1 });
  });

  it('does not find a ticket of another organisation', async () => {
    const foreign = await insert('support_tickets', { organization_id: other, subject: 'Outage' });
    expect(await failure(determine({ ticketId: foreign.id }))).toMatchObject({ code: 'row_not_found' });
  });

  it.each([
    [{}],
    [{ ticketId: 'x', ticket: {} }],
    [{ ticket: {}, impact: 'some' }],
    [{ ticket: {}, words: { outage: 'much' } }],
    [{ ticket: {}, thresholds: { high: 90 } }],
  ])('refuses %j', async (params) => {
    expect(await failure(determine(params))).toMatchObject({ code: 'invalid_params' });
  });
});
