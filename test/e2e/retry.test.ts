import { expect, it } from 'vitest';
import { retryExecution } from '../../shared/client/index.ts';
import { signUp } from '../support/platform.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

it('a failed execution is repeated from its failed step with other input, by supabase-js', async () => {
  const { client, organizationId } = await signUp();
  const workflowId = await publishSteps(client, organizationId, [
    { id: 'kept', type: 'transform', output: { $: 'input.list' } },
    {
      id: 'each',
      type: 'loop',
      items: 'input.list',
      steps: [{ id: 'one', type: 'transform', output: { $: 'item' } }],
    },
    { id: 'last_one', type: 'transform', output: { $: '[steps.kept.output, steps.each.output.items]' } },
  ]);
  const failed = await startExecution(client, workflowId, { input: { list: 'none' } });
  expect((await finishedExecution(client, failed)).execution).toMatchObject({
    status: 'failed',
    error: { code: 'items_not_list' },
  });
  const again = await retryExecution(client, failed, { from: '@failed', input: { list: [1, 2] } });
  const { execution, steps } = await finishedExecution(client, again);
  expect(execution).toMatchObject({ status: 'succeeded', output: ['none', [1, 2]] });
  expect(steps.filter(({ step_id }) => step_id === 'kept')).toHaveLength(1);
  await expect(retryExecution(client, failed, { from: 'nowhere' })).rejects.toThrow(
    /no top-level step 'nowhere'/,
  );
});
