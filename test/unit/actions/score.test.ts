import { describe, expect, it } from 'vitest';
import { scoreLead } from '../../../shared/actions/lead/score.ts';
import { criteriaSchema, gradesSchema, weightsSchema } from '../../../shared/actions/lead/score-options.ts';
import type { Lead } from '../../../shared/actions/lead/score-parts.ts';

const now = new Date('2026-11-15T12:00:00Z');

function score(lead: Lead, options: { weights?: object; criteria?: object; grades?: object } = {}) {
  return scoreLead(lead, {
    weights: weightsSchema.parse(options.weights ?? {}),
    criteria: criteriaSchema.parse(options.criteria ?? {}),
    grades: gradesSchema.parse(options.grades ?? {}),
    now,
  });
}

function points(lead: Lead, part: string, criteria: object = {}): number | undefined {
  return score(lead, { criteria }).parts.find(({ name }) => name === part)?.points;
}

describe('the score of a lead', () => {
  it('is 0 with nothing known and 100 with everything perfect', () => {
    expect(score({})).toMatchObject({ score: 0, grade: 'D', fit: 0, engagement: 0 });
    const perfect = {
      company_size: 200,
      industry: 'events',
      job_title: 'CEO',
      email: 'ceo@acme.example',
      phone: '1',
      source: 'referral',
      email_opens: 99,
      email_clicks: 99,
      page_views: 99,
      form_submissions: 99,
      last_activity_at: now.toISOString(),
    };
    const result = score(perfect, { criteria: { industries: ['Events'] } });
    expect(result).toMatchObject({ score: 100, grade: 'A', fit: 100, engagement: 100 });
    expect(result.parts.map(({ points: earned, max }) => earned === max)).not.toContain(false);
  });

  it('is the share of what the weights allow', () => {
    const weights = { companySize: 1, industry: 0, jobTitle: 0, contact: 0, source: 0, emailOpens: 3 };
    const rest = { emailClicks: 0, pageViews: 0, formSubmissions: 0, recency: 0 };
    const result = score({ company_size: 100 }, { weights: { ...weights, ...rest } });
    expect(result).toMatchObject({ score: 25, fit: 100, engagement: 0 });
  });

  it.each([
    [25, 7.5],
    [50, 15],
    [1_000, 15],
    [1_250, 12],
    [100_000, 7.5],
    [null, 0],
  ])('gives a company of %s employees %s of 15 points', (size, expected) => {
    expect(points({ company_size: size }, 'companySize')).toBe(expected);
  });

  it.each([
    ['Chief Operating Officer', 15],
    ['Vice President, Sales', 12],
    ['President', 15],
    ['Assistant to the CEO', 3],
    ['Production Manager', 7.5],
    ['Stagehand', 4.5],
    ['Cooper', 4.5],
    [null, 0],
  ])('reads the seniority of "%s"', (title, expected) => {
    expect(points({ job_title: title }, 'jobTitle')).toBe(expected);
  });

  it('tells target industries from others, and counts half while none are set', () => {
    expect(points({ industry: 'Events' }, 'industry', { industries: ['events'] })).toBe(10);
    expect(points({ industry: 'Mining' }, 'industry', { industries: ['events'] })).toBe(0);
    expect(points({ industry: 'Mining' }, 'industry')).toBe(5);
  });

  it('values a business address above a private one', () => {
    expect(points({ email: 'a@acme.example' }, 'contact')).toBe(3);
    expect(points({ email: 'a@gmail.com', phone: '1' }, 'contact')).toBe(2);
  });

  it('values sources as told, others at 0.3, and never by what objects inherit', () => {
    expect(points({ source: 'Referral' }, 'source')).toBe(5);
    expect(points({ source: 'billboard' }, 'source')).toBe(1.5);
    expect(points({ source: 'constructor' }, 'source')).toBe(1.5);
    expect(points({ source: 'billboard' }, 'source', { sources: { billboard: 1 } })).toBe(5);
  });

  it('halves recency with every half-life and takes no future for more than now', () => {
    expect(points({ last_activity_at: '2026-11-01T12:00:00Z' }, 'recency')).toBe(5);
    expect(points({ last_activity_at: '2026-11-08T12:00:00Z' }, 'recency', { recencyHalfLifeDays: 7 })).toBe(
      5,
    );
    expect(points({ last_activity_at: '2027-01-01T00:00:00Z' }, 'recency')).toBe(10);
    expect(points({ last_activity_at: 'unknown' }, 'recency')).toBe(0);
  });

  it('grows evenly with engagement up to its weight', () => {
    expect(points({ email_opens: 5 }, 'emailOpens')).toBe(4);
    expect(points({ email_opens: '10' }, 'emailOpens')).toBe(8);
    expect(points({ email_opens: 500 }, 'emailOpens')).toBe(8);
    expect(points({ email_opens: -5 }, 'emailOpens')).toBe(0);
  });

  it('grades by the thresholds given', () => {
    const lead = { job_title: 'CEO' };
    expect(score(lead, { grades: { A: 15, B: 10, C: 5 } }).grade).toBe('A');
    expect(score(lead, { grades: { A: 16, B: 15, C: 5 } }).grade).toBe('B');
    expect(score(lead, { grades: { A: 90, B: 80, C: 15 } }).grade).toBe('C');
  });
});
