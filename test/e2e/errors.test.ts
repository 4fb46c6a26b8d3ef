import { describe, expect, it } from 'vitest';
import { signUp, sql } from '../support/platform.ts';
import { finishedExecution, publishSteps, runSteps, startExecution, stepOf } from '../support/workflows.ts';

// onError and onFailure, run by the real worker.

const broken = { id: 'broken', type: 'action', action: 'query', params: { entity: 'nowhere' } };
const say = (id: string, output: unknown) => ({ id, type: 'transform', output });

describe('a failed step', () => {
  it('with onError continue stays failed, is handled, and later steps see its error', async () => {
    const snapshot = await runSteps(await signUp(), [
      { ...broken, onError: 'continue' },
      say('after', { status: { $: 'steps.broken.status' }, code: { $: 'steps.broken.error.code' } }),
    ]);
    expect(stepOf(snapshot, 'broken')).toMatchObject({ status: 'failed', handled: true });
    expect(snapshot.execution).toMatchObject({
      status: 'succeeded',
      output: { status: 'failed', code: 'unknown_entity' },
    });
  });

  it('with a catch branch runs it with the error, and takes over its last output', async () => {
    const catching = [say('tell', 'It said: {{ error.message }}'), say('code', { $: 'error.code' })];
    const snapshot = await runSteps(await signUp(), [
      { ...broken, onError: catching },
      say('after', { $: 'steps.broken.output' }),
    ]);
    const { error } = stepOf(snapshot, 'broken');
    expect(error).toMatchObject({ code: 'unknown_entity', message: expect.stringContaining('nowhere') });
    expect(stepOf(snapshot, 'tell').output).toBe(`It said: ${(error as { message: string }).message}`);
    expect(stepOf(snapshot, 'broken')).toMatchObject({
      status: 'failed',
      handled: true,
      output: 'unknown_entity',
    });
    expect(snapshot.execution).toMatchObject({ status: 'succeeded', output: 'unknown_entity' });
  });

  it('that nothing handles lets onFailure run with the error before the execution fails', async () => {
    const snapshot = await runSteps(await signUp(), [broken, say('never', 1)], {
      onFailure: [say('report', '{{ error.step }}: {{ error.code }}')],
    });
    expect(stepOf(snapshot, 'report')).toMatchObject({
      status: 'succeeded',
      output: 'broken: unknown_entity',
    });
    const finishedAt = ({ finished_at }: { finished_at: string | null }) => Date.parse(finished_at ?? '');
    expect(finishedAt(snapshot.execution)).toBeGreaterThanOrEqual(finishedAt(stepOf(snapshot, 'report')));
    expect(snapshot.steps.map(({ step_id }) => step_id)).toEqual(['broken', 'report']);
    expect(snapshot.execution).toMatchObject({
      status: 'failed',
      error: { code: 'unknown_entity', step: 'broken' },
    });
  });
});

describe('a version that this worker compiles otherwise', () => {
  it('fails its steps with plan_mismatch and says what to do', async () => {
    const { client, organizationId } = await signUp();
    const workflowId = await publishSteps(client, organizationId, [say('one', 1)]);
    await sql`update public.workflow_versions set plan = jsonb_set(plan, '{steps,one,timeout_ms}', '1')
      where workflow_id = ${workflowId}`;
    const snapshot = await finishedExecution(client, await startExecution(client, workflowId));
    expect(stepOf(snapshot, 'one')).toMatchObject({
      status: 'failed',
      error: { code: 'plan_mismatch', hint: expect.stringContaining('Publish the workflow again') },
    });
    expect(snapshot.execution.status).toBe('failed');
  });
});
