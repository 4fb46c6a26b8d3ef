import { describe, expect, it } from 'vitest';
import {
  type ExecutionSnapshot,
  InvalidDefinitionError,
  publishWorkflow,
} from '../../shared/client/index.ts';
import { addMember, platform, signUp, signUpUser, sql } from '../support/platform.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

const hello = [{ id: 'hello', type: 'transform', output: 'Hello {{ input.name }}' }];

describe('the main job', () => {
  it('runs from an inserted row to a finished execution, watched over Realtime', async () => {
    const { client, organizationId } = await signUp();
    const id = { $: 'trigger.record.id' };
    const gate = await client
      .from('leads')
      .insert({ organization_id: organizationId, email: 'gate@example.com' })
      .select('id')
      .single()
      .throwOnError();
    const workflowId = await publishSteps(
      client,
      organizationId,
      [
        {
          id: 'open',
          type: 'action',
          action: 'updateEntity',
          params: { entity: 'leads', id: gate.data.id, set: { source: 'gate' } },
        },
        { id: 'score', type: 'action', action: 'calculateLeadScore', params: { leadId: id } },
        {
          id: 'check',
          type: 'condition',
          if: 'steps.score.output.score >= 0',
          then: [
            {
              id: 'save',
              type: 'action',
              action: 'updateEntity',
              params: { entity: 'leads', id, set: { score: { $: 'steps.score.output.score' } } },
            },
          ],
        },
      ],
      { trigger: { type: 'event', table: 'leads', events: ['insert'] } },
    );
    const lead = {
      organization_id: organizationId,
      first_name: 'Ada',
      last_name: 'L',
      email: 'ada@example.com',
    };
    const seen: string[] = [];
    let finished: Promise<ExecutionSnapshot> | undefined;
    await sql.begin(async (tx) => {
      // The first step waits for this row, so that nothing happens before somebody watches.
      await tx`select from public.leads where id = ${gate.data.id} for update`;
      await client.from('leads').insert(lead).throwOnError();
      const { data } = await client
        .from('workflow_executions')
        .select('id')
        .eq('workflow_id', workflowId)
        .single();
      await new Promise<void>((watching) => {
        finished = finishedExecution(client, data?.id, ({ steps }) => {
          for (const { path, status } of steps)
            if (!seen.includes(`${path} ${status}`)) seen.push(`${path} ${status}`);
          watching();
        });
      });
    });
    const snapshot = await finished;
    expect(snapshot?.execution).toMatchObject({ status: 'succeeded', steps_done: 4 });
    expect(snapshot?.steps.map(({ path, status }) => `${path} ${status}`)).toEqual([
      'open succeeded',
      'score succeeded',
      'check succeeded',
      'save succeeded',
    ]);
    const order = [
      'open succeeded',
      'score running',
      'score succeeded',
      'check waiting',
      'save running',
      'save succeeded',
    ];
    expect(seen.filter((change) => order.includes(change))).toEqual(order);
    const { data: scored } = await client.from('leads').select('score').eq('email', lead.email).single();
    expect(scored?.score).toEqual(expect.any(Number));
  });

  it('starts from supabase-js with input, and gives the last output', async () => {
    const { client, organizationId } = await signUp();
    const workflowId = await publishSteps(client, organizationId, hello);
    const id = await startExecution(client, workflowId, { input: { name: 'Ada' } });
    const { execution } = await finishedExecution(client, id);
    expect(execution).toMatchObject({ status: 'succeeded', output: 'Hello Ada' });
  });

  it('leaves nothing when the insert is rolled back', async () => {
    const { client, organizationId } = await signUp();
    const workflowId = await publishSteps(client, organizationId, hello, {
      trigger: { type: 'event', table: 'leads', events: ['insert'] },
      steps: undefined,
    });
    await sql
      .begin(async (tx) => {
        await tx`insert into public.leads (organization_id, email) values (${organizationId}, 'gone@example.com')`;
        const [inside] =
          await tx`select count(*)::int as count from workflow_executions where workflow_id = ${workflowId}`;
        expect(inside?.count).toBe(1);
        throw new Error('roll back');
      })
      .catch((error) => expect(error.message).toBe('roll back'));
    const { data } = await client.from('workflow_executions').select('id').eq('workflow_id', workflowId);
    expect(data).toEqual([]);
  });

  it('adds nothing for a repeated idempotency key', async () => {
    const { client, organizationId } = await signUp();
    const workflowId = await publishSteps(client, organizationId, hello);
    const values = { input: { name: 'Ada' }, idempotency_key: 'order-1' };
    const id = await startExecution(client, workflowId, values);
    await expect(startExecution(client, workflowId, values)).rejects.toMatchObject({ code: '23505' });
    const upserted = await client
      .from('workflow_executions')
      .upsert(
        { workflow_id: workflowId, ...values },
        { onConflict: 'workflow_id,idempotency_key', ignoreDuplicates: true },
      );
    expect(upserted.error).toBeNull();
    const { data } = await client.from('workflow_executions').select('id').eq('workflow_id', workflowId);
    expect(data).toEqual([{ id }]);
  });
});

describe('what an outsider and a client may do', () => {
  it('a member of another organisation sees nothing by table and by channel', async () => {
    const { client, organizationId } = await signUp();
    const stranger = await signUp();
    const id = await startExecution(client, await publishSteps(client, organizationId, hello), {
      input: { name: 'A' },
    });
    await finishedExecution(client, id);
    for (const table of [
      'workflows',
      'workflow_versions',
      'workflow_executions',
      'workflow_execution_steps',
      'leads',
    ]) {
      expect((await stranger.client.from(table).select('*')).data).toEqual([]);
    }
    for (const topic of [`workflow:execution:${id}`, `workflow:org:${organizationId}`]) {
      const refused = await new Promise<string>((resolve) => {
        stranger.client.channel(topic, { config: { private: true } }).subscribe((status) => resolve(status));
      });
      expect(refused).toBe('CHANNEL_ERROR');
    }
    await stranger.client.removeAllChannels();
  });

  it('a workflow of another organisation cannot be started, published or changed', async () => {
    const owner = await signUp();
    const stranger = await signUp();
    const workflowId = await publishSteps(owner.client, owner.organizationId, hello);
    await expect(startExecution(stranger.client, workflowId)).rejects.toThrow('There is no workflow');
    await expect(
      startExecution(stranger.client, workflowId, { organization_id: stranger.organizationId }),
    ).rejects.toThrow('There is no workflow');
    await expect(
      publishWorkflow(stranger.client, {
        organizationId: stranger.organizationId,
        workflowId,
        definition: { name: 'Mine now', trigger: { type: 'manual' }, steps: hello },
      }),
    ).rejects.toThrow();
    const { data } = await owner.client
      .from('workflow_versions')
      .select('version')
      .eq('workflow_id', workflowId);
    expect(data).toHaveLength(1);
  });

  it('a viewer can watch but neither start nor publish', async () => {
    const owner = await signUp();
    const viewer = await signUpUser();
    await addMember(owner.organizationId, viewer.id, 'viewer');
    const workflowId = await publishSteps(owner.client, owner.organizationId, hello);
    const id = await startExecution(owner.client, workflowId, { input: { name: 'A' } });
    expect((await finishedExecution(viewer.client, id)).execution.status).toBe('succeeded');
    await expect(startExecution(viewer.client, workflowId)).rejects.toMatchObject({ code: '42501' });
    await expect(publishSteps(viewer.client, owner.organizationId, hello)).rejects.toThrow();
  });

  it('a client sets input, key and priority; everything else follows from the workflow', async () => {
    const { client, id: userId, organizationId } = await signUp();
    const workflowId = await publishSteps(client, organizationId, hello);
    const id = await startExecution(client, workflowId, {
      input: { name: 'A' },
      status: 'succeeded',
      finished_at: new Date().toISOString(),
      trigger: { type: 'event', record: { forged: true } },
      depth: 9,
      created_by: crypto.randomUUID(),
      organization_id: crypto.randomUUID(),
    });
    const { data } = await client.from('workflow_executions').select('*').eq('id', id).single();
    expect(data).toMatchObject({
      organization_id: organizationId,
      trigger: { type: 'manual' },
      depth: 0,
      created_by: userId,
    });
    await finishedExecution(client, id);
    const tampered = await client.from('workflow_executions').update({ output: 'mine' }).eq('id', id);
    expect(tampered.error?.code).toBe('42501');
  });

  it('publishing sets run_as to the publisher, whoever else is named', async () => {
    const { client, id: userId, organizationId } = await signUp();
    const workflowId = await publishSteps(client, organizationId, hello);
    const { data } = await client
      .from('workflow_versions')
      .select('*')
      .eq('workflow_id', workflowId)
      .single();
    expect(data).toMatchObject({ run_as: userId, published_by: userId, version: 1 });
    const forged = await client
      .from('workflow_versions')
      .insert({
        workflow_id: workflowId,
        definition: data.definition,
        plan: data.plan,
        run_as: crypto.randomUUID(),
      })
      .select('run_as, version')
      .single();
    expect(forged.data).toEqual({ run_as: userId, version: 2 });
  });
});

describe('bad input', () => {
  it('a definition with several faults gets all of them at once, and nothing is written', async () => {
    const { client, organizationId } = await signUp();
    const faulty = {
      name: 'Faulty',
      trigger: { type: 'manual' },
      steps: [
        { id: 'one', type: 'action', action: 'quary', params: {} },
        {
          id: 'two',
          type: 'condition',
          if: 'steps.three.output',
          then: [{ id: 'x', type: 'transform', output: { $: '1 +' } }],
        },
      ],
    };
    const failure = await publishWorkflow(client, { organizationId, definition: faulty }).catch(
      (error) => error,
    );
    expect(failure).toBeInstanceOf(InvalidDefinitionError);
    const paths = failure.errors.map(({ path }: { path: string }) => path);
    for (const path of ['steps[0].action', 'steps[1].if', 'steps[1].then[0].output']) {
      expect(paths.some((found: string) => found.startsWith(path))).toBe(true);
    }
    expect((await client.from('workflows').select('id')).data).toEqual([]);
  });

  it.each([
    ['without a key', {}, '{}', 401],
    ['with the publishable key', { apikey: platform.publishable_key }, '{}', 401],
    ['with a body that is not JSON', { apikey: platform.secret_key }, '{oops', 400],
    ['with a body of another shape', { apikey: platform.secret_key }, '{"claims": 7}', 400],
    ['as a wake-up', { apikey: platform.secret_key }, '{}', 202],
  ])('the worker called %s', async (_case, headers, body, status) => {
    const url = `${platform.api_url}/functions/v1/worker`;
    const response = await fetch(url, { method: 'POST', headers: headers as Record<string, string>, body });
    expect(response.status).toBe(status);
  });
});
