import { beforeAll, describe, expect, it } from 'vitest';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

const now = new Date('2026-11-15T12:00:00Z');
let runner: Runner;

const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString();

beforeAll(async () => {
  const [own, other] = [await organization(), await organization()];
  runner = { user: await member({ [own]: 'viewer', [other]: 'owner' }), organization: own, now };
  const ticket = (subject: string, values: object, organization_id = own) =>
    insert('support_tickets', { organization_id, subject, ...values });
  await ticket('overdue', { first_response_due_at: at(-90), resolution_due_at: at(600) });
  await ticket('soon', { first_response_due_at: at(30) });
  await ticket('later', { first_response_due_at: at(120) });
  await ticket('answered', {
    first_response_due_at: at(-90),
    first_responded_at: at(-100),
    resolution_due_at: at(45),
  });
  await ticket('resolved', { status: 'resolved', resolution_due_at: at(-5), resolved_at: at(-10) });
  await ticket('waiting', { status: 'waiting_on_customer', resolution_due_at: at(-5) });
  await ticket('promised nothing', {});
  await ticket('foreign', { first_response_due_at: at(-90) }, other);
});

const find = (params: object = {}) => run(runner, 'findTicketsAtSLARisk', params as never);

describe('findTicketsAtSLARisk', () => {
  it('finds what is overdue or due soon, the most urgent first', async () => {
    expect(await find()).toMatchObject({
      count: 3,
      breached: 1,
      tickets: [
        { promise: 'first_response', minutesLeft: -90, breached: true, ticket: { subject: 'overdue' } },
        {
          promise: 'first_response',
          dueAt: at(30),
          minutesLeft: 30,
          breached: false,
          ticket: { subject: 'soon' },
        },
        { promise: 'resolution', minutesLeft: 45, breached: false, ticket: { subject: 'answered' } },
      ],
    });
  });

  it('looks as far ahead as it is told, for as many tickets', async () => {
    expect(await find({ withinMinutes: 0 })).toMatchObject({ count: 1 });
    expect(await find({ withinMinutes: 180 })).toMatchObject({ count: 4 });
    expect(await find({ withinMinutes: 180, limit: 1 })).toMatchObject({
      tickets: [{ ticket: { subject: 'overdue' } }],
    });
  });

  it('finds nothing where nothing is due', async () => {
    const own = await organization();
    const calm = { user: await member({ [own]: 'viewer' }), organization: own, now };
    expect(await run(calm, 'findTicketsAtSLARisk', {})).toEqual({ count: 0, breached: 0, tickets: [] });
  });

  it('refuses a span of less than nothing', async () => {
    expect(await failure(find({ withinMinutes: -1 }))).toMatchObject({ code: 'invalid_params' });
  });
});
