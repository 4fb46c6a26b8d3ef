import { describe, expect, it } from 'vitest';
import {
  type ExecutionChange,
  type OrganizationChange,
  WorkflowService,
  watchOrganization,
} from '../../../shared/client/index.ts';
import { addMember, signUp, signUpUser, sql } from '../../support/platform.ts';
import type { TestUser } from '../../support/users.ts';
import { finishedExecution, publishSteps, startExecution } from '../../support/workflows.ts';

const steps = [{ id: 'one', type: 'transform', output: { $: 'input.n' } }];
const input = { input: { n: 7 } };
const waiting = [{ id: 'wait', type: 'delay', for: '1d' }];

/** Joins a private channel with nothing but supabase-js. @returns what arrives, once it has joined */
async function listen<T>({ client }: TestUser, topic: string, event: string): Promise<T[]> {
  const heard: T[] = [];
  await new Promise<void>((joined, refused) => {
    client
      .channel(topic, { config: { private: true } })
      .on('broadcast', { event }, ({ payload }) => heard.push(payload as T))
      .subscribe((status, error) => (status === 'SUBSCRIBED' ? joined() : refused(error)));
  });
  return heard;
}

/** Waits for what Realtime brings. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 15_000 });

describe('without our client, a plain channel of supabase-js', () => {
  it('tells the status of an organisation’s executions', async () => {
    const owner = await signUp();
    const heard = await listen<ExecutionChange>(owner, `workflow:org:${owner.organizationId}`, 'execution');
    const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
    const id = await startExecution(owner.client, workflowId, input);
    await eventually(() => heard.map(({ status }) => status)).toContain('succeeded');
    expect(heard.at(-1)).toEqual({
      id,
      workflow_id: workflowId,
      workflow_version: 1,
      status: 'succeeded',
      mode: 'live',
      trigger: 'manual',
      steps_done: 1,
      revision: expect.any(Number),
      output: 7,
      error: null,
      created_at: expect.any(String),
      started_at: expect.any(String),
      finished_at: expect.any(String),
    });
    await owner.client.removeAllChannels();
  });

  it('tells each change of an execution and its steps', async () => {
    const owner = await signUp();
    const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
    await owner.client.from('workflows').update({ status: 'paused' }).eq('id', workflowId).throwOnError();
    const id = await startExecution(owner.client, workflowId, input);
    const heard = await listen<{
      revision: number;
      execution: { status: string; output: unknown };
      steps: { id: string; status: string; output: unknown }[];
    }>(owner, `workflow:execution:${id}`, 'change');
    await owner.client.from('workflows').update({ status: 'active' }).eq('id', workflowId).throwOnError();
    await sql`select workflow.admit()`;
    await sql`select workflow.wake()`;
    await eventually(() => heard.map(({ execution }) => execution.status)).toContain('succeeded');
    const last = heard.at(-1);
    expect(last?.execution).toMatchObject({ status: 'succeeded', output: 7 });
    expect(last?.steps).toMatchObject([{ status: 'succeeded', output: 7 }]);
    const revisions = heard.map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    await owner.client.removeAllChannels();
  });
});

describe('watching an organisation', () => {
  /** Watches from now on. */
  function watch(user: TestUser, organizationId: string, options: object = {}) {
    const changes: OrganizationChange[] = [];
    const watching = new WorkflowService(user.client).watchOrganization(
      organizationId,
      (change) => changes.push(change),
      options,
    );
    const latest = () => changes.at(-1)?.executions.map(({ id, status }) => [id, status]);
    return { ...watching, changes, latest };
  }

  it('begins with what there is, and goes on with each status', async () => {
    const owner = await signUp();
    const workflowId = await publishSteps(owner.client, owner.organizationId, waiting);
    const before = await startExecution(owner.client, workflowId);
    const { latest, changes, stop } = watch(owner, owner.organizationId);
    await eventually(latest).toEqual([[before, 'waiting']]);
    expect(changes[0]?.changed.map(({ id }) => id)).toEqual([before]);
    const after = await startExecution(owner.client, workflowId);
    await eventually(latest).toEqual([
      [after, 'waiting'],
      [before, 'waiting'],
    ]);
    await owner.client.from('workflow_executions').update({ status: 'cancelled' }).eq('id', before);
    await eventually(latest).toEqual([
      [after, 'waiting'],
      [before, 'cancelled'],
    ]);
    expect(changes.at(-1)?.changed).toMatchObject([{ id: before, status: 'cancelled', trigger: 'manual' }]);
    await stop();
  });

  it('keeps the latest executions only', async () => {
    const owner = await signUp();
    const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
    const first = await startExecution(owner.client, workflowId, input);
    await finishedExecution(owner.client, first);
    const { latest, stop } = watch(owner, owner.organizationId, { limit: 1 });
    await eventually(latest).toEqual([[first, 'succeeded']]);
    const second = await startExecution(owner.client, workflowId, input);
    await eventually(latest).toEqual([[second, 'succeeded']]);
    await stop();
  });

  it('hears what was missed while the connection was gone', async () => {
    const owner = await signUp();
    const workflowId = await publishSteps(owner.client, owner.organizationId, waiting);
    const id = await startExecution(owner.client, workflowId);
    const { latest, stop } = watch(owner, owner.organizationId);
    await eventually(latest).toEqual([[id, 'waiting']]);
    await owner.client.realtime.disconnect();
    await owner.client.from('workflow_executions').update({ status: 'cancelled' }).eq('id', id);
    owner.client.realtime.connect();
    await eventually(latest).toEqual([[id, 'cancelled']]);
    await stop();
  });

  it('reads again from time to time, should a message be lost', async () => {
    const owner = await signUp();
    const workflowId = await publishSteps(owner.client, owner.organizationId, waiting);
    const id = await startExecution(owner.client, workflowId);
    const { latest, changes, stop } = watch(owner, owner.organizationId, { rereadMs: 200 });
    await eventually(latest).toEqual([[id, 'waiting']]);
    // Changed without a message, as if it had been lost.
    await sql`update public.workflow_executions set steps_done = 9, revision = revision + 1 where id = ${id}`;
    await eventually(() => changes.at(-1)?.executions[0]?.steps_done).toBe(9);
    await stop();
  });

  it('hears of closed workflows with the role they need, and not below it', async () => {
    const owner = await signUp();
    const editor = await signUpUser();
    await addMember(owner.organizationId, editor.id, 'editor');
    const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
    await owner.client.from('workflows').update({ min_role: 'admin' }).eq('id', workflowId).throwOnError();
    const openId = await publishSteps(owner.client, owner.organizationId, steps);
    const above = watch(owner, owner.organizationId, { role: 'owner' });
    const below = watch(editor, owner.organizationId, { role: 'editor' });
    await eventually(() => above.changes.length * below.changes.length).toBeGreaterThan(0);
    const closed = await startExecution(owner.client, workflowId, input);
    const open = await startExecution(owner.client, openId, input);
    await eventually(above.latest).toEqual([
      [open, 'succeeded'],
      [closed, 'succeeded'],
    ]);
    await eventually(below.latest).toEqual([[open, 'succeeded']]);
    await Promise.all([above.stop(), below.stop()]);
  });

  it('tells when it may not listen', async () => {
    const owner = await signUp();
    const stranger = await signUpUser();
    const told = await new Promise<Error>((resolve) => {
      const { stop } = watchOrganization(stranger.client, owner.organizationId, () => {}, {
        onError: (error) => void stop().then(() => resolve(error)),
      });
    });
    expect(told.message).toMatch(/not|permission|Unauthorized/i);
  });
});
