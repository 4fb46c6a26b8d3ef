import { describe, expect, it, vi } from 'vitest';
import { addMember, anonymousClient, signUp, signUpUser, sql } from '../support/platform.ts';
import type { TestOwner } from '../support/users.ts';
import { publishSteps } from '../support/workflows.ts';

// Schedules as applications use them: over supabase-js, under row-level security, driven by pg_cron.

const steps = [{ id: 'one', type: 'transform', output: 1 }];
const hourly = { cron: '0 * * * *' };
const publishOne = (owner: TestOwner, rest = {}) =>
  publishSteps(owner.client, owner.organizationId, steps, rest);

/** Runs a job of pg_cron's every second while something is awaited. */
async function withJob<T>(name: string, command: string, until: () => Promise<T>): Promise<T> {
  await sql`select cron.schedule(${name}, '1 second', ${command})`;
  try {
    return await vi.waitFor(until, { timeout: 20_000, interval: 100 });
  } finally {
    await sql`select cron.unschedule(${name}::text)`;
  }
}

async function succeeded(workflowId: string): Promise<Record<string, unknown>> {
  const [row] =
    await sql`select status, trigger from public.workflow_executions where workflow_id = ${workflowId}`;
  if (row?.status !== 'succeeded') throw new Error(`the execution is ${row?.status}`);
  return row;
}

describe('pg_cron', () => {
  it('drives all schedules with one job, and the worker runs what they start', async () => {
    const owner = await signUp();
    const workflowId = await publishOne(owner);
    const { error } = await owner.client
      .from('scheduled_workflows')
      .insert({ workflow_id: workflowId, at: new Date(Date.now() + 800).toISOString() });
    expect(error).toBeNull();
    const jobs =
      await sql`select command from cron.job where command like '%workflow.%' and jobname like 'workflow-%'`;
    expect(jobs).toHaveLength(1);
    const execution = await withJob('sweep every second', jobs[0]?.command, () => succeeded(workflowId));
    expect(execution.trigger).toMatchObject({ type: 'schedule' });
  });

  it('starts a workflow by hand with workflow.start', async () => {
    const owner = await signUp();
    const workflowId = await publishOne(owner);
    await withJob('by hand', `select workflow.start('${workflowId}', '{"by": "hand"}', 'only once')`, () =>
      succeeded(workflowId),
    );
  });
});

describe('a schedule of an organisation', () => {
  it('is made, paused and deleted by editors, and seen by members', async () => {
    const owner = await signUp();
    const [editor, viewer] = [await signUpUser(), await signUpUser()];
    await addMember(owner.organizationId, editor.id, 'editor');
    await addMember(owner.organizationId, viewer.id, 'viewer');
    const workflowId = await publishOne(owner);
    const { data: row } = await editor.client
      .from('scheduled_workflows')
      .insert({ workflow_id: workflowId, ...hourly })
      .select()
      .single();
    expect(row).toMatchObject({
      organization_id: owner.organizationId,
      created_by: editor.id,
      enabled: true,
    });
    const paused = await editor.client
      .from('scheduled_workflows')
      .update({ enabled: false })
      .eq('id', row.id)
      .select();
    expect(paused.data).toMatchObject([{ enabled: false, next_run_at: null }]);

    const refused = await viewer.client
      .from('scheduled_workflows')
      .insert({ workflow_id: workflowId, ...hourly });
    expect(refused.error?.code).toBe('42501');
    expect((await viewer.client.from('scheduled_workflows').delete().eq('id', row.id).select()).data).toEqual(
      [],
    );
    expect((await viewer.client.from('scheduled_workflows').select('id')).data).toEqual([{ id: row.id }]);
    expect(
      (await editor.client.from('scheduled_workflows').delete().eq('id', row.id).select()).data,
    ).toHaveLength(1);
  });

  it('is not made for another organisation’s workflow, nor seen by its members', async () => {
    const [owner, stranger] = [await signUp(), await signUp()];
    const workflowId = await publishOne(owner);
    await owner.client
      .from('scheduled_workflows')
      .insert({ workflow_id: workflowId, ...hourly })
      .throwOnError();
    const foreign = await stranger.client
      .from('scheduled_workflows')
      .insert({ workflow_id: workflowId, organization_id: stranger.organizationId, ...hourly });
    expect(foreign.error?.details).toBe('workflow_not_found');
    expect((await stranger.client.from('scheduled_workflows').select('id')).data).toEqual([]);
  });

  it('is hidden with its workflow', async () => {
    const owner = await signUp();
    const viewer = await signUpUser();
    await addMember(owner.organizationId, viewer.id, 'viewer');
    const workflowId = await publishOne(owner);
    await owner.client
      .from('scheduled_workflows')
      .insert({ workflow_id: workflowId, ...hourly })
      .throwOnError();
    await owner.client.from('workflows').update({ min_role: 'admin' }).eq('id', workflowId).throwOnError();
    expect((await viewer.client.from('scheduled_workflows').select('id')).data).toEqual([]);
  });

  it('has its next run and its record from the engine alone', async () => {
    const owner = await signUp();
    const workflowId = await publishOne(owner);
    const { data: row } = await owner.client
      .from('scheduled_workflows')
      .insert({
        workflow_id: workflowId,
        ...hourly,
        next_run_at: '2020-01-01T00:00:00Z',
        from_definition: true,
        failures: 9,
      })
      .select()
      .single();
    expect(row).toMatchObject({ from_definition: false, failures: 0 });
    expect(Date.parse(row.next_run_at)).toBeGreaterThan(Date.now());
    const moved = await owner.client
      .from('scheduled_workflows')
      .update({ next_run_at: '2020-01-01T00:00:00Z' })
      .eq('id', row.id);
    expect(moved.error?.code).toBe('42501');
  });

  it('is moved by the definition alone where it comes from one, and can be paused', async () => {
    const owner = await signUp();
    const workflowId = await publishOne(owner, { trigger: { type: 'schedule', cron: '0 9 * * *' } });
    const own = () => owner.client.from('scheduled_workflows');
    const moved = await own().update({ cron: '0 10 * * *' }).eq('workflow_id', workflowId);
    expect(moved.error?.details).toBe('schedule_of_definition');
    const deleted = await own().delete().eq('workflow_id', workflowId);
    expect(deleted.error?.details).toBe('schedule_of_definition');
    const paused = await own().update({ enabled: false }).eq('workflow_id', workflowId).select();
    expect(paused.data).toMatchObject([{ from_definition: true, next_run_at: null }]);
    expect((await owner.client.from('workflows').delete().eq('id', workflowId)).error).toBeNull();
  });
});

describe('the next runs', () => {
  const berlin = { cron: '0 9 * * MON-FRI', timezone: 'Europe/Berlin', after: '2026-03-27T12:00:00Z' };

  it('of an expression are previewed by whoever is signed in, ten unless told', async () => {
    const { client } = await signUpUser();
    const { data } = await client.rpc('workflow_next_runs', berlin);
    expect(data).toHaveLength(10);
    expect(data.slice(0, 2).map((run: string) => new Date(run).toISOString())).toEqual([
      '2026-03-30T07:00:00.000Z',
      '2026-03-31T07:00:00.000Z',
    ]);
    const { error } = await client.rpc('workflow_next_runs', { cron: 'often' });
    expect(error).toMatchObject({
      details: 'invalid_cron',
      hint: 'Write five fields, such as "0 9 * * 1-5".',
    });
  });

  it('are nothing for anybody else', async () => {
    expect((await anonymousClient().rpc('workflow_next_runs', berlin)).error).not.toBeNull();
  });
});
