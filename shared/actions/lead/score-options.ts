import { z } from 'zod';

const weight = (most: number, what: string) => z.number().min(0).max(1_000).default(most).describe(what);
const count = (most: number, what: string) => z.number().positive().default(most).describe(what);

/** The most each part can give. Defaults add up to 100, half of it fit, half engagement. */
export const weightsSchema = z
  .strictObject({
    companySize: weight(15, 'Company as large as wanted.'),
    industry: weight(10, 'A target industry.'),
    jobTitle: weight(15, 'Seniority of the contact.'),
    contact: weight(5, 'Business e-mail address and phone number.'),
    source: weight(5, 'Where the lead came from.'),
    emailOpens: weight(8, 'E-mails opened.'),
    emailClicks: weight(12, 'Links clicked in e-mails.'),
    pageViews: weight(10, 'Pages viewed.'),
    formSubmissions: weight(10, 'Forms sent.'),
    recency: weight(10, 'Time since the last activity.'),
  })
  .refine(
    (weights) => Object.values(weights).some((value) => value > 0),
    'At least one weight must be above 0.',
  );

/** What counts as a good lead. */
export const criteriaSchema = z.strictObject({
  companySize: z
    .strictObject({ min: z.int().positive(), max: z.int().positive() })
    .refine(({ min, max }) => min <= max, '`min` is above `max`.')
    .default({ min: 50, max: 1_000 })
    .describe('Employees of the ideal customer.'),
  industries: z
    .array(z.string())
    .default([])
    .describe('Target industries; while empty, any known industry counts half.'),
  sources: z
    .record(z.string(), z.number().min(0).max(1))
    .default({
      referral: 1,
      partner: 0.9,
      event: 0.8,
      webinar: 0.8,
      website: 0.6,
      email: 0.5,
      social: 0.4,
      advertisement: 0.4,
    })
    .describe('Worth of each source from 0 to 1; any other counts 0.3.'),
  emailOpens: count(10, 'Opens that earn the full weight.'),
  emailClicks: count(5, 'Clicks that earn the full weight.'),
  pageViews: count(20, 'Page views that earn the full weight.'),
  formSubmissions: count(2, 'Forms that earn the full weight.'),
  recencyHalfLifeDays: count(14, 'Days after which an activity is worth half.'),
});

/** Least score of each grade; below C is D. */
export const gradesSchema = z
  .strictObject({
    A: z.number().min(0).max(100).default(80),
    B: z.number().min(0).max(100).default(60),
    C: z.number().min(0).max(100).default(40),
  })
  .refine(({ A, B, C }) => A >= B && B >= C, 'Grades must fall from A to C.');

export type Weights = z.output<typeof weightsSchema>;
export type Criteria = z.output<typeof criteriaSchema>;
export type Thresholds = z.output<typeof gradesSchema>;
