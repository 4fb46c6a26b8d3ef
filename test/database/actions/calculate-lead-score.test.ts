import { beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { failure, insert, member, organization, type Runner, run } from './support.ts';

const now = new Date('2026-11-15T12:00:00Z');
let runner: Runner;
let other: string;
let lead: { id: string };

beforeAll(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'viewer', [other]: 'owner' }), organization: own, now };
  lead = (await insert('leads', {
    organization_id: own,
    name: 'Ines',
    email: 'ines@harbour.example',
    phone: '1',
    company_size: 420,
    industry: 'Events',
    job_title: 'VP Operations',
    source: 'referral',
    email_opens: 5,
    email_clicks: 5,
    page_views: 20,
    form_submissions: 2,
    last_activity_at: '2026-11-01T12:00:00Z',
  })) as never;
});

const score = (params: object) => run(runner, 'calculateLeadScore', params as never);

describe('calculateLeadScore', () => {
  it('scores a lead and explains each part', async () => {
    const result = await score({ leadId: lead.id, criteria: { industries: ['events'] } });
    // fit: 15 + 10 + 0.8 × 15 + 5 + 5 = 47 of 50; engagement: 4 + 12 + 10 + 10 + half of 10 = 41 of 50
    expect(result).toMatchObject({ score: 88, grade: 'A', fit: 94, engagement: 82 });
    expect(result.parts).toContainEqual({
      name: 'recency',
      group: 'engagement',
      points: 5,
      max: 10,
      reason: 'Last active 14 days ago.',
    });
    expect(result.parts).toHaveLength(10);
  });

  it('takes a lead at hand as well', async () => {
    expect(await score({ lead: { job_title: 'CEO' } })).toMatchObject({
      score: 15,
      grade: 'D',
      fit: 30,
      engagement: 0,
    });
  });

  it('writes nothing, so a viewer may run it', async () => {
    await score({ leadId: lead.id });
    const [row] =
      await sql`select score, updated_at = created_at as untouched from leads where id = ${lead.id}`;
    expect(row).toEqual({ score: null, untouched: true });
  });

  it('does not find a lead of another organisation', async () => {
    const foreign = await insert('leads', { organization_id: other, name: 'Foreign' });
    for (const leadId of [foreign.id, 'no-id'])
      expect(await failure(score({ leadId }))).toMatchObject({
        code: 'row_not_found',
        path: 'params.leadId',
      });
  });

  it.each([
    [{}],
    [{ leadId: 'x', lead: {} }],
    [{ lead: {}, weights: { luck: 5 } }],
    [{ lead: {}, weights: { recency: -1 } }],
    [{ lead: {}, grades: { A: 10, B: 50 } }],
  ])('refuses %j', async (params) => {
    expect(await failure(score(params))).toMatchObject({ code: 'invalid_params' });
  });
});
