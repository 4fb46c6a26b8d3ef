import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { problem } from '../../../shared/serve/problem.ts';
import { columnsOf, dataOf } from '../data-api.ts';
import { pageOf, paging } from '../paging.ts';
import { defineRoute } from '../route.ts';
import {
  executionPage,
  executionSchema,
  retryBody,
  startBody,
  stepRunPage,
  stepRunSchema,
} from '../schemas.ts';

type Execution = z.infer<typeof executionSchema>;

const params = z.object({ id: z.uuid() });
const columns = columnsOf(executionSchema);

const start = defineRoute({
  method: 'POST',
  path: '/workflows/{id}/executions',
  summary: 'Start a workflow',
  params,
  body: startBody,
  headers: {
    'Idempotency-Key': 'Starts once for each key; a repetition is answered 200 with the first execution.',
  },
  responses: { 201: executionSchema, 200: executionSchema },
  refusals: [403, 404, 409],
  async handle({ supabase, params, body, headers }) {
    const key = headers.get('idempotency-key');
    const row = { workflow_id: params.id, input: body.input, priority: body.priority, idempotency_key: key };
    const result = await supabase.from('workflow_executions').insert(row).select(columns).single();
    if (result.error?.code !== '23505') return made(dataOf(result) as unknown as Execution);
    const known = supabase.from('workflow_executions').select(columns).eq('workflow_id', params.id);
    return { status: 200, body: dataOf(await known.eq('idempotency_key', key).single()) };
  },
});

const list = defineRoute({
  method: 'GET',
  path: '/executions',
  summary: 'List executions, newest first',
  query: z.strictObject({
    workflow_id: z.uuid().optional(),
    organization_id: z.uuid().optional(),
    status: executionSchema.shape.status.optional(),
    mode: executionSchema.shape.mode.optional(),
    retry_of: z.uuid().optional(),
    ...paging,
  }),
  responses: { 200: executionPage },
  refusals: [],
  async handle({ supabase, query: { limit, after, ...filters } }) {
    const table = 'workflow_executions';
    return {
      status: 200,
      body: await pageOf(supabase, { table, item: executionSchema, limit, after, filters }),
    };
  },
});

const get = defineRoute({
  method: 'GET',
  path: '/executions/{id}',
  summary: 'Get an execution',
  params,
  responses: { 200: executionSchema },
  refusals: [404],
  async handle({ supabase, params }) {
    return { status: 200, body: await read(supabase, params.id) };
  },
});

const steps = defineRoute({
  method: 'GET',
  path: '/executions/{id}/steps',
  summary: 'List the step runs of an execution, oldest first',
  params,
  query: z.strictObject({ status: stepRunSchema.shape.status.optional(), ...paging }),
  responses: { 200: stepRunPage },
  refusals: [404],
  async handle({ supabase, params, query: { limit, after, status } }) {
    await read(supabase, params.id);
    const filters = { execution_id: params.id, status };
    const table = 'workflow_execution_steps';
    const list = { table, item: stepRunSchema, limit, after, filters, ascending: true };
    return { status: 200, body: await pageOf(supabase, list) };
  },
});

const cancel = defineRoute({
  method: 'POST',
  path: '/executions/{id}/cancel',
  summary: 'Cancel an execution',
  params,
  responses: { 200: executionSchema },
  refusals: [403, 404, 409],
  async handle({ supabase, params }) {
    const update = supabase.from('workflow_executions').update({ status: 'cancelled' }).eq('id', params.id);
    const open = update.in('status', ['queued', 'running', 'waiting']);
    const [cancelled] = dataOf(await open.select(columns));
    return { status: 200, body: cancelled ?? (await uncancelled(supabase, params.id)) };
  },
});

/** Why nothing was cancelled; an execution that had been cancelled before is as it should be. */
async function uncancelled(supabase: SupabaseClient, id: string): Promise<Execution> {
  const execution = await read(supabase, id);
  if (execution.status === 'cancelled') return execution;
  if (execution.finished_at !== null) {
    throw problem(
      409,
      'execution_ended',
      `The execution has ${execution.status}.`,
      'There is nothing left to cancel.',
    );
  }
  throw problem(403, 'not_allowed', 'You may not cancel this execution.', 'Editors of the organisation may.');
}

const retry = defineRoute({
  method: 'POST',
  path: '/executions/{id}/retry',
  summary: 'Repeat an execution that has ended, in a new one',
  params,
  body: retryBody,
  responses: { 201: executionSchema },
  refusals: [403, 404, 409],
  async handle({ supabase, params, body: { from, input, version } }) {
    const origin = await read(supabase, params.id);
    const row = {
      workflow_id: origin.workflow_id,
      retry_of: origin.id,
      ...(from === undefined ? {} : { retry_from: from }),
      ...(input === undefined ? {} : { input }),
      ...(version === 'same' ? { workflow_version: origin.workflow_version } : {}),
    };
    const result = await supabase.from('workflow_executions').insert(row).select(columns).single();
    return made(dataOf(result) as unknown as Execution);
  },
});

async function read(supabase: SupabaseClient, id: string): Promise<Execution> {
  const [execution] = dataOf(await supabase.from('workflow_executions').select(columns).eq('id', id));
  if (execution) return execution as unknown as Execution;
  const hint = 'Check the id, and that you are a member of its organisation.';
  throw problem(404, 'execution_not_found', `There is no execution ${id} here.`, hint);
}

function made(execution: Execution) {
  return { status: 201, body: execution, location: `/executions/${execution.id}` };
}

export const executionRoutes = [start, list, get, steps, cancel, retry];
