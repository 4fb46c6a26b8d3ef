import { z } from 'zod';
import { defineAction } from '../define.ts';
import { row } from '../entity/fields.ts';
import { findLead } from './find-lead.ts';
import { scoreLead } from './score.ts';
import { criteriaSchema, gradesSchema, weightsSchema } from './score-options.ts';

const percent = z.int().min(0).max(100);

export const calculateLeadScore = defineAction({
  name: 'calculateLeadScore',
  kind: 'database',
  description: 'Scores a lead by fit and engagement and explains every part; writes nothing.',
  params: z
    .strictObject({
      leadId: z.string().min(1).optional().describe('Lead to read and score.'),
      lead: row.optional().describe('A lead already at hand, such as `trigger.record`, instead of `leadId`.'),
      weights: weightsSchema.prefault({}).describe('The most points each part can give.'),
      criteria: criteriaSchema.prefault({}).describe('What counts as a good lead.'),
      grades: gradesSchema.prefault({}).describe('Least score of each grade.'),
    })
    .refine(
      ({ leadId, lead }) => (leadId === undefined) !== (lead === undefined),
      'Give either `leadId` or `lead`.',
    ),
  result: z.strictObject({
    score: percent.describe('Points of all parts over the most they could give.'),
    grade: z.enum(['A', 'B', 'C', 'D']),
    fit: percent.describe('Whether the lead suits us.'),
    engagement: percent.describe('Whether the lead is interested.'),
    parts: z.array(
      z.strictObject({
        name: z.string(),
        group: z.enum(['fit', 'engagement']),
        points: z.number(),
        max: z.number(),
        reason: z.string(),
      }),
    ),
  }),
  errors: ['row_not_found'],
  example: {
    leadId: { $: 'trigger.record.id' },
    weights: { companySize: 30 },
    criteria: { industries: ['events'] },
  },
  async run({ leadId, lead, ...options }, context) {
    const scored = lead ?? (await findLead(context, leadId ?? ''));
    return scoreLead(scored, { ...options, now: context.now });
  },
});
