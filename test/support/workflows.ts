import type { SupabaseClient } from '@supabase/supabase-js';
import type { Sql } from 'postgres';
import {
  type ExecutionSnapshot,
  publishWorkflow,
  type StepRun,
  watchExecution,
} from '../../shared/client/index.ts';

/** Publishes steps that start by hand, as the signed-in user. @returns the workflow's id */
export async function publishSteps(
  client: SupabaseClient,
  organizationId: string,
  steps: unknown[],
  rest: Record<string, unknown> = {},
): Promise<string> {
  const definition = { name: 'Test', trigger: { type: 'manual' }, ...rest, steps };
  return (await publishWorkflow(client, { organizationId, definition })).workflowId;
}

/** Starts a workflow through the Data API. @returns the execution's id */
export async function startExecution(
  client: SupabaseClient,
  workflowId: string,
  values: Record<string, unknown> = {},
): Promise<string> {
  const { data, error } = await client
    .from('workflow_executions')
    .insert({ workflow_id: workflowId, ...values })
    .select('id')
    .single();
  if (error) throw Object.assign(new Error(error.message), error);
  return data.id;
}

/** Watches an execution over Realtime until it has ended. */
export async function finishedExecution(
  client: SupabaseClient,
  id: string,
  onChange: (snapshot: ExecutionSnapshot) => void = () => {},
): Promise<ExecutionSnapshot> {
  const watch = watchExecution(client, id, onChange);
  try {
    return await watch.finished;
  } finally {
    await watch.stop();
  }
}

/** Publishes steps, starts them by hand and waits for the end, as the signed-in user. */
export async function runSteps(
  { client, organizationId }: { client: SupabaseClient; organizationId: string },
  steps: unknown[],
  rest: Record<string, unknown> = {},
  input: Record<string, unknown> = {},
): Promise<ExecutionSnapshot> {
  const workflowId = await publishSteps(client, organizationId, steps, rest);
  return finishedExecution(client, await startExecution(client, workflowId, { input }));
}

/** The only run of a step. */
export function stepOf({ steps }: ExecutionSnapshot, stepId: string): StepRun {
  const [step, ...others] = steps.filter(({ step_id }) => step_id === stepId);
  if (!step || others.length > 0) throw new Error(`Not one run of ${stepId}: ${JSON.stringify(steps)}`);
  return step;
}

/** What Realtime was given of an execution: its statuses in order, without repetitions. */
export async function sentStatuses(sql: Sql, executionId: string): Promise<string[]> {
  const sent = await sql<{ status: string }[]>`
    select payload #>> '{execution,status}' as status from realtime.messages
    where topic = ${`workflow:execution:${executionId}`} order by (payload ->> 'revision')::int`;
  return sent.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1]);
}
