import { expect, it } from 'vitest';
import { addMember, serviceClient, signUp, signUpUser, sql } from '../support/platform.ts';
import type { TestOwner } from '../support/users.ts';
import { publishSteps } from '../support/workflows.ts';

const steps = [{ id: 'one', type: 'transform', output: 1 }];

/** An organisation with a schedule that could not start its workflow. */
async function organizationWithFailure(): Promise<TestOwner> {
  const owner = await signUp();
  const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
  await owner.client
    .from('scheduled_workflows')
    .insert({ workflow_id: workflowId, cron: '0 9 * * *' })
    .throwOnError();
  await sql`update public.scheduled_workflows set failures = 1, last_error = '{"message": "It is archived."}'
    where workflow_id = ${workflowId}`;
  return owner;
}

it('an admin sees what concerns the organisation, and nothing of another', async () => {
  const [owner, other] = [await organizationWithFailure(), await signUp()];
  const health = async ({ client, organizationId }: TestOwner) => {
    const { data } = await client.rpc('workflow_health', { organization_id: organizationId }).throwOnError();
    return Object.fromEntries(data.map(({ check, status }: Record<string, string>) => [check, status]));
  };
  const fine = { late_schedules: 'ok', failing_schedules: 'ok', paused_by_failing_rule: 'ok', backlog: 'ok' };
  expect(await health(owner)).toEqual({ ...fine, failing_schedules: 'warn' });
  expect(await health(other)).toEqual(fine);
});

it('members below admin see no health, and an admin none of the whole project', async () => {
  const owner = await signUp();
  const editor = await signUpUser();
  await addMember(owner.organizationId, editor.id, 'editor');
  const refused = await editor.client.rpc('workflow_health', { organization_id: owner.organizationId });
  expect(refused.error?.details).toBe('not_an_admin');
  expect((await owner.client.rpc('workflow_health')).error?.code).toBe('42501');
});

it('the secret key sees the health of the whole project', async () => {
  const { data } = await serviceClient().rpc('workflow_health').throwOnError();
  expect(data.find(({ check }: { check: string }) => check === 'vault_entries')).toEqual({
    check: 'vault_entries',
    status: 'ok',
    value: 'project_url and secret_key are there',
    hint: null,
  });
});
