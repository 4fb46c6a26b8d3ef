import { expect, it } from 'vitest';
import { getWorkflow, InvalidDefinitionError, saveDraft, testWorkflow } from '../../shared/client/index.ts';
import { addMember, signUp, signUpUser, sql } from '../support/platform.ts';
import { publishSteps, sentStatuses, stepOf } from '../support/workflows.ts';

// Test runs over the whole platform: supabase-js, row-level security, the worker function, Realtime.

const steps = [
  {
    id: 'save',
    type: 'action',
    action: 'createEntity',
    params: { entity: 'leads', values: { email: { $: 'input.email' } } },
  },
  { id: 'look', type: 'http', url: 'https://crm.example.com/companies' },
  { id: 'wait', type: 'delay', for: '3d' },
  { id: 'sure', type: 'approval', approvers: ['role:owner'], title: 'Write to them?' },
  { id: 'tell', type: 'notification', channel: 'email', to: 'sales@example.com', subject: 'New', body: 'Hi' },
];

it('a published workflow is tested by supabase-js, and nothing of it happens', async () => {
  const { client, organizationId } = await signUp();
  const workflowId = await publishSteps(client, organizationId, steps);
  const snapshot = await testWorkflow(client, workflowId, {
    input: { email: 'ada@example.com' },
    mocks: { look: { output: { status: 200, body: { size: 40 } } } },
    approvals: { sure: { decision: 'approved', comment: 'Go.' } },
  });
  expect(snapshot.execution).toMatchObject({ status: 'succeeded', mode: 'test', workflow_version: 1 });
  expect(snapshot.steps.map(({ step_id }) => step_id)).toEqual(['save', 'look', 'wait', 'sure', 'tell']);
  expect(stepOf(snapshot, 'save').output).toMatchObject({ row: { email: 'ada@example.com' } });
  expect(stepOf(snapshot, 'look').output).toMatchObject({ body: { size: 40 } });
  expect(stepOf(snapshot, 'sure').output).toMatchObject({ decision: 'approved', comment: 'Go.' });
  expect(stepOf(snapshot, 'tell')).toMatchObject({
    input: { channel: 'email', to: 'sales@example.com', subject: 'New', body: 'Hi' },
    output: { channel: 'email', status: 'sent', providerId: null },
  });
  for (const table of ['leads', 'approval_requests', 'email_logs']) {
    expect((await client.from(table).select('id')).data).toEqual([]);
  }
  expect(await sentStatuses(sql, snapshot.execution.id)).toEqual(['running', 'succeeded']);
});

it('a draft is tested as it is saved, or as it is in the editor, with its faults named', async () => {
  const { client, organizationId } = await signUp();
  const workflowId = await publishSteps(client, organizationId, [
    { id: 'old', type: 'transform', output: 'published' },
  ]);
  const draft = (output: unknown) => ({
    name: 'Draft',
    trigger: { type: 'manual' },
    steps: [{ id: 'fresh', type: 'transform', output }],
  });
  const { draft_revision } = await getWorkflow(client, workflowId);
  await saveDraft(client, workflowId, draft('saved'), draft_revision);
  const outputs = [];
  for (const option of [false, true, draft('edited')]) {
    const { execution } = await testWorkflow(client, workflowId, { draft: option });
    outputs.push([execution.output, execution.workflow_version]);
  }
  expect(outputs).toEqual([
    ['published', 1],
    ['saved', null],
    ['edited', null],
  ]);
  await expect(
    testWorkflow(client, workflowId, { draft: draft({ $: 'steps.gone.output' }) }),
  ).rejects.toThrow(InvalidDefinitionError);
});

it('only those test a workflow who may start it', async () => {
  const owner = await signUp();
  const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
  const [viewer, stranger] = [await signUpUser(), await signUpUser()];
  await addMember(owner.organizationId, viewer.id, 'viewer');
  await expect(testWorkflow(viewer.client, workflowId)).rejects.toThrow(/row-level security/);
  await expect(testWorkflow(stranger.client, workflowId)).rejects.toThrow(/There is no workflow/);
});

it('the record of an event is one that the caller sees', async () => {
  const owner = await signUp();
  const other = await signUp();
  const trigger = { type: 'event', table: 'leads', events: ['update'] };
  const workflowId = await publishSteps(
    owner.client,
    owner.organizationId,
    [{ id: 'seen', type: 'transform', output: { $: '[trigger.old_record.status, trigger.record.status]' } }],
    { trigger },
  );
  const leadOf = async ({ client, organizationId }: typeof owner) => {
    const values = { organization_id: organizationId, email: 'ada@example.com' };
    return (await client.from('leads').insert(values).select('id').single()).data?.id as string;
  };
  const record = { id: await leadOf(owner), status: 'qualified' };
  const { execution } = await testWorkflow(owner.client, workflowId, { record });
  expect(execution.output).toEqual(['new', 'qualified']);
  const foreign = { id: await leadOf(other), organization_id: owner.organizationId };
  const refused = await testWorkflow(owner.client, workflowId, { record: foreign });
  expect(refused.execution.error).toMatchObject({ code: 'record_not_visible' });
});
