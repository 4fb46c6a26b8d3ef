import { z } from 'zod';

/** How many people a ticket keeps from their work. */
export const impacts = ['one', 'several', 'all'] as const;

const points = z.number().min(-100).max(100);

export const weightsSchema = z.strictObject({
  free: points.default(0).describe('Points of a customer of the tier free.'),
  standard: points.default(10).describe('Points of the tier standard.'),
  premium: points.default(25).describe('Points of the tier premium.'),
  vip: points.default(40).describe('Points of the tier vip.'),
  one: points.default(0).describe('Points when one person is affected.'),
  several: points.default(20).describe('Points when several are.'),
  all: points.default(40).describe('Points when all are.'),
});

export const wordsSchema = z.record(z.string().min(1), points).default({
  outage: 40,
  down: 25,
  'security breach': 60,
  'data loss': 50,
  urgent: 20,
  asap: 15,
  'no hurry': -20,
  question: -5,
});

export const thresholdsSchema = z
  .strictObject({
    normal: z.number().default(10).describe('Least score of normal.'),
    high: z.number().default(40).describe('Least score of high.'),
    urgent: z.number().default(70).describe('Least score of urgent.'),
  })
  .refine(({ normal, high, urgent }) => normal <= high && high <= urgent, 'normal ≤ high ≤ urgent.');

export interface PriorityOptions {
  impact: (typeof impacts)[number];
  weights: z.output<typeof weightsSchema>;
  words: z.output<typeof wordsSchema>;
  thresholds: z.output<typeof thresholdsSchema>;
}
