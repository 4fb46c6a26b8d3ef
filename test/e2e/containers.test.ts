import { expect, it } from 'vitest';
import { watchExecution } from '../../shared/client/index.ts';
import { addMember, signUp, signUpUser } from '../support/platform.ts';
import { publishSteps, runSteps, startExecution, stepOf } from '../support/workflows.ts';

// Loops, parallels and approvals through the worker, watched as an application watches them.

it('a loop writes a row for each item, nested in a parallel, and later steps read its output', async () => {
  const owner = await signUp();
  const { execution, steps } = await runSteps(
    owner,
    [
      {
        id: 'both',
        type: 'parallel',
        branches: {
          leads: [
            {
              id: 'each',
              type: 'loop',
              items: 'input.emails',
              as: 'email',
              concurrency: 2,
              steps: [
                {
                  id: 'create',
                  type: 'action',
                  action: 'createEntity',
                  params: {
                    entity: 'leads',
                    values: { email: { $: 'email' }, source: 'row {{ loop.index }}' },
                  },
                },
                { id: 'name', type: 'transform', output: { $: 'steps.create.output.row.email' } },
              ],
            },
          ],
          count: [{ id: 'total', type: 'transform', output: { $: 'size(input.emails)' } }],
        },
      },
      {
        id: 'report',
        type: 'transform',
        output: { $: '[steps.both.output.leads.items, steps.both.output.count]' },
      },
    ],
    {},
    { emails: ['a@example.com', 'b@example.com', 'c@example.com'] },
  );
  expect(execution).toMatchObject({
    status: 'succeeded',
    output: [['a@example.com', 'b@example.com', 'c@example.com'], 3],
  });
  expect(
    steps.filter(({ step_id }) => step_id === 'create').every(({ status }) => status === 'succeeded'),
  ).toBe(true);
  const { data } = await owner.client.from('leads').select('email, source').order('email').throwOnError();
  expect(data).toEqual([
    { email: 'a@example.com', source: 'row 0' },
    { email: 'b@example.com', source: 'row 1' },
    { email: 'c@example.com', source: 'row 2' },
  ]);
});

it('a loop over anything but a list fails with a code and a hint', async () => {
  const each = {
    id: 'each',
    type: 'loop',
    items: 'input.emails',
    steps: [{ id: 'one', type: 'transform', output: 1 }],
  };
  const { execution } = await runSteps(await signUp(), [each], {}, { emails: 'a@example.com' });
  expect(execution).toMatchObject({
    status: 'failed',
    error: { code: 'items_not_list', step: 'each', hint: expect.any(String) },
  });
});

it('a loop with more items than it takes fails before its first iteration', async () => {
  const each = {
    id: 'each',
    type: 'loop',
    items: 'input.list',
    maxItems: 2,
    steps: [{ id: 'one', type: 'transform', output: 1 }],
  };
  const { execution, steps } = await runSteps(await signUp(), [each], {}, { list: [1, 2, 3] });
  expect(execution).toMatchObject({ status: 'failed', error: { code: 'too_many_items' } });
  expect(steps).toHaveLength(1);
});

it('an approver decides with supabase-js, and the execution goes on', async () => {
  const { client, organizationId } = await signUp();
  const approver = await signUpUser();
  await addMember(organizationId, approver.id, 'admin');
  const workflowId = await publishSteps(client, organizationId, [
    {
      id: 'ask',
      type: 'approval',
      approvers: [approver.email],
      title: 'Send {{ input.amount }} euros?',
      details: { amount: { $: 'input.amount' } },
      approved: [{ id: 'sent', type: 'transform', output: 'sent' }],
      rejected: [{ id: 'kept', type: 'transform', output: 'kept' }],
    },
  ]);
  const id = await startExecution(client, workflowId, { input: { amount: 40 } });
  let decided = false;
  const watch = watchExecution(client, id, async ({ execution }) => {
    if (execution.status !== 'waiting' || decided) return;
    decided = true;
    const { data } = await approver.client
      .from('approval_requests')
      .select('id, title, details')
      .eq('execution_id', id)
      .single()
      .throwOnError();
    expect(data).toMatchObject({ title: 'Send 40 euros?', details: { amount: 40 } });
    await approver.client
      .from('approval_decisions')
      .insert({ request_id: data.id, decision: 'approve', comment: 'Fine.' })
      .throwOnError();
  });
  const last = await watch.finished;
  await watch.stop();
  expect(last.execution.status).toBe('succeeded');
  expect(stepOf(last, 'sent').output).toBe('sent');
  expect(stepOf(last, 'ask').output).toMatchObject({
    decision: 'approved',
    decidedBy: approver.id,
    comment: 'Fine.',
  });
});
