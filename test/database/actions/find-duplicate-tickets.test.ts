import { beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { asUser, failure, insert, member, organization, type Runner, run, runOn } from './support.ts';

const now = new Date('2026-11-15T12:00:00Z');
let runner: Runner;
let other: string;
const ids: Record<string, string> = {};

async function ticket(
  name: string,
  organization_id: string,
  subject: string,
  created_at = '2026-11-14T12:00:00Z',
) {
  ids[name] = (await insert('support_tickets', { organization_id, subject, created_at })).id as string;
}

beforeAll(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'viewer', [other]: 'owner' }), organization: own, now };
  await ticket('printer', own, 'The badge printer in hall 4 is broken');
  await ticket('same', own, 'Badge printer in hall 4 is broken!');
  await ticket('like', own, 'Badge printer hall 4 broken again');
  await ticket('unlike', own, 'How do I change my booking?');
  await ticket('old', own, 'The badge printer in hall 4 is broken', '2026-09-01T12:00:00Z');
  await ticket('foreign', other, 'The badge printer in hall 4 is broken');
});

const find = (params: object, as = runner) => run(as, 'findDuplicateTickets', params as never);
const found = async (params: object, as = runner) => {
  const { duplicates } = (await find(params, as)) as { duplicates: { id: string }[] };
  return duplicates.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id));
};

describe('findDuplicateTickets', () => {
  it('finds similar tickets of the last days, the most similar first, without the ticket itself', async () => {
    expect(await found({ ticketId: ids.printer })).toEqual(['same', 'like']);
    expect(await found({ ticketId: ids.printer, withinDays: 365 })).toEqual(['old', 'same', 'like']);
  });

  it('says how similar they are and gives their rows', async () => {
    const { count, duplicates } = await find({ ticketId: ids.printer, withinDays: 365, limit: 1 });
    expect(count).toBe(1);
    expect(duplicates).toMatchObject([
      { id: ids.old, similarity: 1, ticket: { id: ids.old, status: 'open' } },
    ]);
  });

  it('compares a ticket that is not there yet', async () => {
    expect(await found({ subject: 'badge printer broken in hall 4', threshold: 0.6 })).toContain('same');
  });

  it('takes the threshold it is given', async () => {
    expect(await found({ ticketId: ids.printer, threshold: 0.99 })).toEqual([]);
    expect(await found({ ticketId: ids.printer, threshold: 0.7 })).toEqual(['same']);
  });

  it('finds nothing like a ticket that nothing is like', async () => {
    expect(await find({ ticketId: ids.unlike })).toEqual({ count: 0, duplicates: [] });
  });

  it('goes by the index, under row-level security too', async () => {
    await sql`insert into support_tickets (organization_id, subject, body)
      select ${runner.organization}, md5(n::text), repeat('something else ', 80) from generate_series(1, 4000) n`;
    await sql`vacuum analyze support_tickets`;
    const scans = await asUser(runner.user, async (db, tx) => {
      await runOn(db, runner, 'findDuplicateTickets', { ticketId: ids.printer as string });
      return tx`select pg_stat_get_xact_numscans('public.support_tickets_match'::regclass)::int as scans`;
    });
    expect(scans[0]?.scans).toBeGreaterThan(0);
  });

  it('shows nothing of another organisation, and nothing to a stranger who asks the function', async () => {
    expect(await failure(find({ ticketId: ids.foreign }))).toMatchObject({ code: 'row_not_found' });
    const stranger = { ...runner, user: await member({ [other]: 'owner' }) };
    expect(await found({ subject: 'The badge printer in hall 4 is broken' }, stranger)).toEqual([]);
    const asked = await asUser(
      stranger.user,
      (_, tx) =>
        tx`select * from workflow.similar_tickets(${runner.organization}, 'The badge printer in hall 4', 0.1, '2026-01-01', null, 5)`,
    );
    expect(asked).toEqual([]);
  });

  it('asks for either a ticket or a subject', async () => {
    for (const params of [{}, { ticketId: 'x', subject: 'y' }, { subject: 'x', threshold: 0 }])
      expect(await failure(find(params))).toMatchObject({ code: 'invalid_params' });
  });
});
