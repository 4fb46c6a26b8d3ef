import { z } from 'zod';
import { columnsOf, dataOf } from '../data-api.ts';
import { pageOf, paging } from '../paging.ts';
import { defineRoute } from '../route.ts';
import { approvalPage, approvalSchema, decisionBody, decisionSchema } from '../schemas.ts';

const list = defineRoute({
  method: 'GET',
  path: '/approvals',
  summary: 'List approvals that you may see, newest first',
  query: z.strictObject({
    execution_id: z.uuid().optional(),
    organization_id: z.uuid().optional(),
    status: approvalSchema.shape.status.optional(),
    ...paging,
  }),
  responses: { 200: approvalPage },
  refusals: [],
  async handle({ supabase, query: { limit, after, ...filters } }) {
    const table = 'approval_requests';
    return {
      status: 200,
      body: await pageOf(supabase, { table, item: approvalSchema, limit, after, filters }),
    };
  },
});

const decide = defineRoute({
  method: 'POST',
  path: '/approvals/{id}/decisions',
  summary: 'Decide an approval, or delegate it',
  params: z.object({ id: z.uuid() }),
  body: decisionBody,
  responses: { 201: decisionSchema },
  refusals: [403, 404, 409],
  async handle({ supabase, params, body }) {
    const row = { request_id: params.id, ...body };
    const result = await supabase
      .from('approval_decisions')
      .insert(row)
      .select(columnsOf(decisionSchema))
      .single();
    return { status: 201, body: dataOf(result) };
  },
});

export const approvalRoutes = [list, decide];
