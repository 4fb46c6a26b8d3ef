import { expect, it } from 'vitest';
import { watchExecution } from '../../shared/client/index.ts';
import { signUp } from '../support/platform.ts';
import { finishedExecution, publishSteps, startExecution, stepOf } from '../support/workflows.ts';

// A workflow that runs another, through the worker and as an application sees it.

const call = (workflow: string) => ({
  id: 'call',
  type: 'action',
  action: 'runWorkflow',
  params: { workflow, input: { email: { $: 'input.email' } } },
});

it('a workflow runs another by its name, and goes on with its output', async () => {
  const { client, organizationId } = await signUp();
  const create = {
    id: 'create',
    type: 'action',
    action: 'createEntity',
    params: { entity: 'leads', values: { email: { $: 'input.email' } } },
  };
  await publishSteps(client, organizationId, [create], { name: 'Create a lead' });
  const workflowId = await publishSteps(client, organizationId, [
    call('Create a lead'),
    { id: 'tell', type: 'transform', output: 'Created {{ steps.call.output.output.row.email }}' },
  ]);
  const id = await startExecution(client, workflowId, { input: { email: 'ada@example.com' } });
  const snapshot = await finishedExecution(client, id);
  expect(snapshot.execution).toMatchObject({ status: 'succeeded', output: 'Created ada@example.com' });
  const { data } = await client
    .from('workflow_executions')
    .select('id, status, depth, caused_by')
    .eq('parent_step_id', stepOf(snapshot, 'call').id)
    .single()
    .throwOnError();
  expect(data).toMatchObject({ status: 'succeeded', depth: 1, caused_by: id });
  expect(stepOf(snapshot, 'call').output).toMatchObject({ executionId: data?.id, status: 'succeeded' });
});

it('cancelling an execution cancels the one it waits for', async () => {
  const { client, organizationId } = await signUp();
  const pause = { id: 'pause', type: 'delay', for: '1d' };
  const childId = await publishSteps(client, organizationId, [pause]);
  const id = await startExecution(client, await publishSteps(client, organizationId, [call(childId)]), {
    input: { email: 'ada@example.com' },
  });
  const waiting = watchExecution(client, id, async ({ execution }) => {
    if (execution.status === 'waiting')
      await client.from('workflow_executions').update({ status: 'cancelled' }).eq('id', id).throwOnError();
  });
  await waiting.finished;
  await waiting.stop();
  const { data } = await client
    .from('workflow_executions')
    .select('id')
    .eq('caused_by', id)
    .single()
    .throwOnError();
  const child = await finishedExecution(client, data?.id);
  expect(child.execution.status).toBe('cancelled');
});
