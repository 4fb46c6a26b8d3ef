import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { actionCatalog } from '../../../shared/actions/registry.ts';
import { compile } from '../../../shared/definition/index.ts';
import { Problem } from '../../../shared/serve/problem.ts';
import { dataOf } from '../data-api.ts';
import { pageOf, paging } from '../paging.ts';
import { type Answer, defineRoute } from '../route.ts';
import {
  newVersionBody,
  newWorkflowBody,
  publishedSchema,
  workflowPage,
  workflowSchema,
} from '../schemas.ts';

const list = defineRoute({
  method: 'GET',
  path: '/workflows',
  summary: 'List workflows, newest first',
  query: z.strictObject({
    organization_id: z.uuid().optional(),
    status: workflowSchema.shape.status.optional(),
    category: z.string().min(1).optional(),
    ...paging,
  }),
  responses: { 200: workflowPage },
  refusals: [],
  async handle({ supabase, query: { limit, after, ...filters } }) {
    const body = await pageOf(supabase, { table: 'workflows', item: workflowSchema, limit, after, filters });
    return { status: 200, body };
  },
});

const create = defineRoute({
  method: 'POST',
  path: '/workflows',
  summary: 'Publish a new workflow',
  body: newWorkflowBody,
  responses: { 201: publishedSchema },
  refusals: [403],
  async handle({ supabase, body: { definition, ...workflow } }) {
    return publish(supabase, definition, workflow);
  },
});

const version = defineRoute({
  method: 'POST',
  path: '/workflows/{id}/versions',
  summary: 'Publish another version of a workflow',
  params: z.object({ id: z.uuid() }),
  body: newVersionBody,
  responses: { 201: publishedSchema },
  refusals: [403, 404],
  async handle({ supabase, params, body }) {
    return publish(supabase, body.definition, { workflow_id: params.id });
  },
});

/** @throws Problem 422 `invalid_definition` with everything that is wrong; nothing is written then */
async function publish(supabase: SupabaseClient, definition: unknown, where: object): Promise<Answer> {
  const compiled = compile(definition, { actions: actionCatalog });
  if (!compiled.ok) {
    const detail = 'The definition cannot be published.';
    throw new Problem(422, 'invalid_definition', detail, 'Correct what `errors` names.', {}, compiled.errors);
  }
  const given = { definition: compiled.definition, plan: compiled.plan, ...where };
  return { status: 201, body: dataOf(await supabase.rpc('publish_workflow', given)) };
}

export const workflowRoutes = [list, create, version];
