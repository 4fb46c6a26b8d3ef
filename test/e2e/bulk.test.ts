import { expect, it } from 'vitest';
import { cancelExecutions, retryExecutions } from '../../shared/client/index.ts';
import { addMember, signUp, signUpUser } from '../support/platform.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

it('an editor cancels and retries in bulk with supabase-js, a viewer does not', async () => {
  const { client, organizationId } = await signUp();
  const waiting = await publishSteps(client, organizationId, [{ id: 'wait', type: 'delay', for: '1d' }]);
  const failing = await publishSteps(client, organizationId, [
    { id: 'sum', type: 'transform', output: { $: 'input.a + 1' } },
  ]);
  const open = [await startExecution(client, waiting), await startExecution(client, waiting)];
  const failed = await startExecution(client, failing);
  await finishedExecution(client, failed);

  const viewer = await signUpUser();
  await addMember(organizationId, viewer.id, 'viewer');
  await expect(cancelExecutions(viewer.client, { organizationId })).rejects.toMatchObject({
    hint: expect.stringContaining('Sign in as an editor'),
  });

  const cancelled = await cancelExecutions(client, { organizationId, workflowId: waiting });
  expect(cancelled).toEqual({ ids: [...open].sort(), count: 2, more: false });
  const retried = await retryExecutions(client, {
    organizationId,
    errorCode: 'missing_value',
    since: new Date(0),
  });
  expect(retried).toMatchObject({ count: 1, refused: [], more: false, last: failed });
  const again = await finishedExecution(client, retried.ids[0] ?? '');
  expect(again.execution).toMatchObject({ status: 'failed', error: { code: 'missing_value' } });
});
