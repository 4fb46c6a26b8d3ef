import { expect, it } from 'vitest';
import { addMember, signUp, signUpUser, sql } from '../support/platform.ts';
import type { TestUser } from '../support/users.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

// `min_role` closes a workflow to members below it, with everything that comes of it.

const steps = [{ id: 'one', type: 'transform', output: 1 }];

async function organizationWithSecret() {
  const owner = await signUp();
  const admin = await signUpUser();
  const editor = await signUpUser();
  await addMember(owner.organizationId, admin.id, 'admin');
  await addMember(owner.organizationId, editor.id, 'editor');
  const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
  await owner.client.from('workflows').update({ min_role: 'admin' }).eq('id', workflowId).throwOnError();
  return { owner, admin, editor, workflowId };
}

const join = ({ client }: TestUser, topic: string, onExecution = (_: string) => {}) =>
  new Promise<string>((resolve) => {
    client
      .channel(topic, { config: { private: true } })
      .on('broadcast', { event: 'execution' }, ({ payload }) => onExecution(payload.id))
      .subscribe((status) => resolve(status));
  });

const tables = ['workflows', 'workflow_versions', 'workflow_executions', 'workflow_execution_steps'];

it('whoever may not see a workflow sees neither it, its executions nor its steps', async () => {
  const { owner, admin, editor, workflowId } = await organizationWithSecret();
  await finishedExecution(owner.client, await startExecution(owner.client, workflowId));
  const counts = async ({ client }: TestUser) =>
    Promise.all(tables.map(async (table) => (await client.from(table).select('*')).data?.length));
  expect(await counts(editor)).toEqual([0, 0, 0, 0]);
  expect(await counts(admin)).toEqual([1, 1, 1, 1]);
});

it('nor can start, change or cancel anything of it', async () => {
  const { owner, editor, workflowId } = await organizationWithSecret();
  await expect(startExecution(editor.client, workflowId)).rejects.toThrow('There is no workflow');
  const renamed = await editor.client
    .from('workflows')
    .update({ name: 'Mine' })
    .eq('id', workflowId)
    .select();
  expect(renamed.data).toEqual([]);
  const [version] =
    await sql`select definition, plan from public.workflow_versions where workflow_id = ${workflowId}`;
  const published = await editor.client
    .from('workflow_versions')
    .insert({ workflow_id: workflowId, ...version });
  expect(published.error?.code).toBe('42501');
  await owner.client.from('workflows').update({ status: 'paused' }).eq('id', workflowId).throwOnError();
  const id = await startExecution(owner.client, workflowId);
  const cancelled = await editor.client
    .from('workflow_executions')
    .update({ status: 'cancelled' })
    .eq('id', id)
    .select();
  expect(cancelled.data).toEqual([]);
});

it('nor may listen on its channels, and the organisation’s channel keeps silent about it', async () => {
  const { owner, admin, editor, workflowId } = await organizationWithSecret();
  const closed = `workflow:org:${owner.organizationId}:admin`;
  const heard: string[] = [];
  const heardByAdmin: string[] = [];
  expect(await join(editor, `workflow:org:${owner.organizationId}`, (id) => heard.push(id))).toBe(
    'SUBSCRIBED',
  );
  expect(await join(admin, closed, (id) => heardByAdmin.push(id))).toBe('SUBSCRIBED');
  expect(await join(editor, closed)).toBe('CHANNEL_ERROR');

  const secret = await startExecution(owner.client, workflowId);
  expect(await join(editor, `workflow:execution:${secret}`)).toBe('CHANNEL_ERROR');
  await finishedExecution(admin.client, secret);
  const open = await startExecution(
    owner.client,
    await publishSteps(owner.client, owner.organizationId, steps),
  );
  await expect.poll(() => heard, { timeout: 5_000 }).toContain(open);
  await expect.poll(() => heardByAdmin, { timeout: 5_000 }).toContain(secret);
  expect(heard).not.toContain(secret);
  await Promise.all([editor.client.removeAllChannels(), admin.client.removeAllChannels()]);
});
