import { beforeEach, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { asUser, failure, insert, member, organization, type Runner, run, runOn } from './support.ts';

let runner: Runner;
let other: string;
let lead: { id: string };

beforeEach(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'editor', [other]: 'owner' }), organization: own };
  lead = (await insert('leads', {
    organization_id: own,
    name: 'Ada',
    company: 'Acme',
    assigned_to: runner.user,
  })) as never;
});

const convert = (params: object = {}, as = runner) =>
  run(as, 'createDealFromLead', { leadId: lead.id, ...params } as never);
const deals = () => sql`select id from deals where lead_id = ${lead.id}`;

describe('createDealFromLead', () => {
  it('makes a deal of the lead and links the two', async () => {
    const result = await convert({ amount: 1200.5, expectedCloseDate: '2026-12-24', probability: 30 });
    expect(result).toMatchObject({
      created: true,
      deal: {
        organization_id: runner.organization,
        lead_id: lead.id,
        name: 'Acme',
        owner_id: runner.user,
        amount: 1200.5,
        probability: 30,
        expected_close_date: '2026-12-24',
        stage: 'qualification',
      },
    });
    const [row] = await sql`select converted_deal_id, converted_at from leads where id = ${lead.id}`;
    expect(row).toMatchObject({ converted_deal_id: result.dealId, converted_at: expect.any(Date) });
  });

  it('gives the deal there is when asked again', async () => {
    const first = await convert({ name: 'First' });
    const second = await convert({ name: 'Second' });
    expect(second).toMatchObject({ created: false, dealId: first.dealId, deal: { name: 'First' } });
    expect(await deals()).toHaveLength(1);
  });

  it('makes one deal when two transactions convert the lead at the same time', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let ready = () => {};
    const inserted = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const first = asUser(runner.user, async (db) => {
      const result = await runOn(db, runner, 'createDealFromLead', { leadId: lead.id });
      ready();
      await held;
      return result;
    });
    await inserted;
    const second = convert();
    await untilBlocked();
    release();
    const results = await Promise.all([first, second]);
    expect(results.map(({ created }) => created)).toEqual([true, false]);
    expect(results[0]?.dealId).toBe(results[1]?.dealId);
    expect(await deals()).toHaveLength(1);
  });

  it('does not find a lead of another organisation', async () => {
    const foreign = await insert('leads', { organization_id: other, name: 'Foreign' });
    expect(await failure(convert({ leadId: foreign.id }))).toMatchObject({ code: 'row_not_found' });
    expect(await sql`select from deals where lead_id = ${foreign.id as string}`).toHaveLength(0);
  });

  it('refuses a viewer', async () => {
    const user = await member({ [runner.organization]: 'viewer' });
    expect(await failure(convert({}, { ...runner, user }))).toMatchObject({ code: 'not_allowed' });
    expect(await deals()).toHaveLength(0);
  });

  it('refuses an owner who is no member, and wrong parameters', async () => {
    const stranger = await member({ [other]: 'editor' });
    expect(await failure(convert({ ownerId: stranger }))).toMatchObject({ code: 'foreign_key_violation' });
    expect(await failure(convert({ currency: 'Euro' }))).toMatchObject({ code: 'invalid_params' });
    expect(await failure(convert({ stage: 'imagined' }))).toMatchObject({ code: 'check_violation' });
  });
});

/** Until a session of this lead's conversion waits for another. */
async function untilBlocked(): Promise<void> {
  for (;;) {
    const blocked = await sql`
      select from pg_stat_activity
      where wait_event_type = 'Lock' and query like '%"public"."deals"%' and cardinality(pg_blocking_pids(pid)) > 0`;
    if (blocked.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
