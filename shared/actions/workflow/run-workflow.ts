import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { awaitExecution } from '../awaits.ts';
import type { Database } from '../database/facade.ts';
import { typedValue } from '../database/operand.ts';
import { defineAction } from '../define.ts';
import type { ActionContext } from '../types.ts';

const params = z.strictObject({
  workflow: z.string().min(1).describe('Id, or name if only one workflow of the organisation has it.'),
  input: z.record(z.string(), z.json()).default({}).describe('What its steps call `input`.'),
  wait: z.boolean().default(true).describe('Whether the step waits for the end.'),
  idempotencyKey: z.string().min(1).optional().describe('The first execution with it is the only one.'),
  priority: z.int().min(-100).max(100).default(0).describe('Higher ones are admitted first.'),
});

export const runWorkflow = defineAction({
  name: 'runWorkflow',
  kind: 'database',
  waits: true,
  description: 'Starts another workflow and waits for its end.',
  params,
  result: z.strictObject({
    executionId: z.string(),
    status: z.literal('succeeded').optional().describe('If it was waited for.'),
    output: z.json().optional().describe("The execution's output, if it was waited for."),
  }),
  errors: ['workflow_not_found', 'workflow_ambiguous'],
  example: { workflow: 'Welcome series', input: { email: { $: 'trigger.record.email' } }, wait: false },
  async run(given, context) {
    const workflowId = await findWorkflow(given.workflow, context);
    const executionId =
      (await start(context.db, workflowId, given)) ?? (await findStarted(context.db, workflowId, given));
    return given.wait ? awaitExecution(executionId) : { executionId };
  },
});

const isId = (text: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);

/** Row-level security decides which workflows there are: those that the user the workflow runs as may see. */
async function findWorkflow(workflow: string, { db, organizationId }: ActionContext): Promise<string> {
  const own = db.selectFrom('public.workflows').select('id').where('organization_id', '=', organizationId);
  const found = await (isId(workflow)
    ? own.where('id', '=', workflow)
    : own.where('name', '=', workflow).where('status', 'in', ['active', 'paused']).limit(2)
  ).execute();
  const [first, second] = found;
  if (first && !second) return String(first.id);
  throw new StepError({
    code: first ? 'workflow_ambiguous' : 'workflow_not_found',
    message: first
      ? `Several workflows are called "${workflow}".`
      : `There is no workflow "${workflow}" in this organisation, or whom this one runs as may not see it.`,
    hint: first
      ? "Pass the workflow's id instead of its name."
      : 'Check id or name, whether it is published, and its min_role.',
    path: 'params.workflow',
  });
}

/** @returns null when an execution of this workflow has the key already */
async function start(
  db: Database,
  workflowId: string,
  { input, idempotencyKey, priority }: z.output<typeof params>,
): Promise<string | null> {
  const [started] = await db
    .insertInto('public.workflow_executions')
    .values((eb) => ({
      workflow_id: workflowId,
      input: typedValue(eb, input, 'jsonb'),
      idempotency_key: idempotencyKey ?? null,
      priority,
    }))
    .onConflict((conflict) => conflict.columns(['workflow_id', 'idempotency_key']).doNothing())
    .returning('id')
    .execute();
  return started ? String(started.id) : null;
}

async function findStarted(
  db: Database,
  workflowId: string,
  { idempotencyKey }: z.output<typeof params>,
): Promise<string> {
  const found = await db
    .selectFrom('public.workflow_executions')
    .select('id')
    .where('workflow_id', '=', workflowId)
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirstOrThrow();
  return String(found.id);
}
