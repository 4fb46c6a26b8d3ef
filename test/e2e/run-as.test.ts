import { describe, expect, it } from 'vitest';
import { addMember, signUp, signUpUser, sql } from '../support/platform.ts';
import { scratchTable, watchedTable } from '../support/scratch-table.ts';
import { finishedExecution, publishSteps, runSteps, startExecution, stepOf } from '../support/workflows.ts';

// A workflow does what the person who published it may do, and no more.

const members = (role: string) => `organization_id in (select workflow.member_organizations('${role}'))`;

const write = (entity: string, note: string) => ({
  id: 'write',
  type: 'action',
  action: 'createEntity',
  params: { entity, values: { note } },
});

/** An owner, and an editor of the same organisation. */
async function team() {
  const owner = await signUp();
  const editor = { ...(await signUpUser()), organizationId: owner.organizationId };
  await addMember(owner.organizationId, editor.id, 'editor');
  return { owner, editor };
}

describe('a database action', () => {
  it('writes what its publisher may write, and nothing else', async () => {
    const table = await scratchTable(sql, 'note text', [
      `for select to authenticated using (${members('viewer')})`,
      `for insert to authenticated with check (${members('admin')})`,
    ]);
    const { owner, editor } = await team();
    const refused = await runSteps(editor, [write(table, 'by the editor')]);
    expect(refused.execution.status).toBe('failed');
    expect(stepOf(refused, 'write')).toMatchObject({
      status: 'failed',
      error: {
        code: 'not_allowed',
        message: expect.stringContaining(table),
        hint: expect.stringContaining('The user this workflow runs as may not do this.'),
        attempt: 1,
        retryable: false,
      },
    });
    expect((await runSteps(owner, [write(table, 'by the owner')])).execution.status).toBe('succeeded');
    expect(await sql`select note from public.${sql(table)}`).toEqual([{ note: 'by the owner' }]);
  });

  it('runs deferred constraints as its user; one that fails is its failure and takes its writes back', async () => {
    const table = await scratchTable(sql, 'note text');
    await sql.unsafe(`
      create function public.${table}_check() returns trigger language plpgsql as $$
      begin
        raise exception '% % may not', current_user, auth.uid();
      end $$;
      create constraint trigger late after insert on public.${table} deferrable initially deferred
        for each row when (new.note = 'bad') execute function public.${table}_check();`);
    const owner = await signUp();
    const steps = [
      { ...write(table, 'bad'), onError: 'continue' },
      { ...write(table, 'good'), id: 'good' },
    ];
    const snapshot = await runSteps(owner, steps);
    await sql.unsafe(`drop function public.${table}_check() cascade`);
    expect(stepOf(snapshot, 'write')).toMatchObject({
      status: 'failed',
      handled: true,
      error: { code: 'database_error', message: `authenticated ${owner.id} may not`, retryable: false },
    });
    expect(snapshot.execution.status).toBe('succeeded');
    expect(await sql`select note from public.${sql(table)}`).toEqual([{ note: 'good' }]);
  });
});

describe('when the publisher has left the organisation', () => {
  it('a database action fails with run_as_not_member', async () => {
    const { owner, editor } = await team();
    const workflowId = await publishSteps(editor.client, owner.organizationId, [
      { id: 'read', type: 'action', action: 'query', params: { entity: 'leads' } },
    ]);
    await sql`delete from public.organization_members where user_id = ${editor.id}`;
    const snapshot = await finishedExecution(owner.client, await startExecution(owner.client, workflowId));
    expect(snapshot.execution.status).toBe('failed');
    expect(stepOf(snapshot, 'read').error).toMatchObject({
      code: 'run_as_not_member',
      hint: expect.stringContaining('publish the workflow again'),
    });
  });
});

describe('the record that starts an execution', () => {
  const policies = [`to authenticated using (not hidden and ${members('viewer')})`];

  async function startedBy(hidden: boolean) {
    const table = await watchedTable(sql, 'hidden boolean not null', policies);
    const { client, organizationId } = await signUp();
    const workflowId = await publishSteps(
      client,
      organizationId,
      [{ id: 'look', type: 'transform', output: 'seen', onError: 'continue' }],
      { trigger: { type: 'event', table, events: ['insert'] } },
    );
    await sql`insert into public.${sql(table)} (organization_id, hidden) values (${organizationId}, ${hidden})`;
    const { data } = await client
      .from('workflow_executions')
      .select('id')
      .eq('workflow_id', workflowId)
      .single();
    return finishedExecution(client, data?.id);
  }

  it('that the publisher does not see ends it with record_not_visible, whatever would handle an error', async () => {
    const snapshot = await startedBy(true);
    expect(snapshot.execution).toMatchObject({ status: 'failed', error: { code: 'record_not_visible' } });
    expect(stepOf(snapshot, 'look').error).toMatchObject({
      code: 'record_not_visible',
      hint: expect.stringContaining('row-level security'),
    });
  });

  it('that the publisher sees lets it run', async () => {
    expect((await startedBy(false)).execution).toMatchObject({ status: 'succeeded', output: 'seen' });
  });
});
