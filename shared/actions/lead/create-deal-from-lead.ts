import { z } from 'zod';
import { type Json, StepError } from '../../errors.ts';
import { type Entity, getEntity, tableOf } from '../database/entity.ts';
import { typedValue } from '../database/operand.ts';
import { fetchRows, ownRows, type Row } from '../database/rows.ts';
import { columnValues } from '../database/write.ts';
import { defineAction } from '../define.ts';
import { row } from '../entity/fields.ts';
import type { ActionContext } from '../types.ts';
import { findLead } from './find-lead.ts';

const params = z.strictObject({
  leadId: z.string().min(1).describe('Lead that becomes a deal.'),
  name: z.string().min(1).optional().describe('Name of the deal; else the company, or the person.'),
  stage: z.string().optional().describe('Stage of the deal; else the first.'),
  amount: z
    .union([z.number().min(0), z.string()])
    .nullish()
    .describe('Expected value, in `currency`.'),
  currency: z.string().length(3).optional().describe('ISO 4217 code, such as EUR.'),
  probability: z.number().min(0).max(100).optional().describe('Percent.'),
  ownerId: z.string().nullish().describe('Member who owns the deal; else whoever has the lead.'),
  expectedCloseDate: z.string().nullish().describe('Day, such as 2026-12-01.'),
});

export const createDealFromLead = defineAction({
  name: 'createDealFromLead',
  kind: 'database',
  description: 'Makes a deal of a lead, once per lead whoever asks how often, and links the two.',
  params,
  result: z.strictObject({
    created: z.boolean().describe('False when the lead already had its deal.'),
    dealId: z.string(),
    deal: row,
  }),
  errors: ['row_not_found', 'not_allowed'],
  example: { leadId: { $: 'trigger.record.id' }, amount: 12000, currency: 'EUR' },
  async run(given, context) {
    const lead = await findLead(context, given.leadId);
    const entity = await getEntity(context.db, 'deals');
    const [inserted] = await insertOnce(context, entity, dealOf(given, lead, context.organizationId));
    const deal = inserted ?? (await existingDeal(context, entity, given.leadId));
    await linkLead(context, lead, deal);
    return { created: inserted !== undefined, dealId: String(deal.id), deal };
  },
});

function dealOf(given: z.output<typeof params>, lead: Row, organizationId: string): Record<string, Json> {
  const wanted = {
    organization_id: organizationId,
    lead_id: lead.id,
    name: given.name ?? lead.company ?? lead.name ?? lead.last_name ?? lead.email ?? 'Deal',
    stage: given.stage,
    amount: given.amount,
    currency: given.currency,
    probability: given.probability,
    owner_id: given.ownerId ?? lead.assigned_to,
    expected_close_date: given.expectedCloseDate,
  };
  const set = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(set) as Record<string, Json>;
}

/** The unique key decides, not a look beforehand: of two that convert a lead at once, one inserts. */
function insertOnce(context: ActionContext, entity: Entity, values: Record<string, Json>): Promise<Row[]> {
  return fetchRows(context.db, entity, (db) =>
    db
      .insertInto(tableOf(entity))
      .values((eb) => columnValues(eb, entity, values, 'params'))
      .onConflict((conflict) => conflict.columns(['organization_id', 'lead_id']).doNothing())
      .returningAll(),
  );
}

async function existingDeal(context: ActionContext, entity: Entity, leadId: string): Promise<Row> {
  const rule = { field: 'lead_id', op: 'eq' as const, value: leadId };
  const [deal] = await fetchRows(context.db, entity, (db) =>
    db
      .selectFrom(tableOf(entity))
      .selectAll()
      .where((eb) => ownRows(eb, context.organizationId, { entity, now: context.now }, rule)),
  );
  if (deal) return deal;
  throw new StepError({
    code: 'not_allowed',
    message: 'The lead has a deal that the user this workflow runs as may not see.',
    hint: 'Publish the workflow as a member who sees all deals.',
  });
}

async function linkLead({ db, now }: ActionContext, lead: Row, deal: Row): Promise<void> {
  if (lead.converted_deal_id === deal.id) return;
  await db
    .updateTable('public.leads')
    .set((eb) => ({
      converted_deal_id: typedValue(eb, deal.id ?? null, 'uuid'),
      converted_at: typedValue(eb, now.toISOString(), 'timestamp with time zone'),
    }))
    .where((eb) =>
      eb.and([eb('id', '=', typedValue(eb, lead.id ?? null, 'uuid')), eb('converted_deal_id', 'is', null)]),
    )
    .execute();
}
