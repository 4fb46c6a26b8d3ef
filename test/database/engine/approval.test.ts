import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Claim } from '../../../functions/worker/claim.ts';
import {
  advance,
  chain,
  claim,
  complete,
  execution,
  leftovers,
  outcome,
  publish,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const [ada, bob, eve] = [randomUUID(), randomUUID(), randomUUID()];
const organizationId = randomUUID();

beforeAll(async () => {
  const { sql } = database;
  await sql`insert into auth.users (id, email) select * from unnest(${[ada, bob, eve]}::uuid[], ${['ada@example.com', 'bob@example.com', 'eve@example.com']}::text[])`;
  await sql`insert into public.organizations (id, name) values (${organizationId}, 'Approvals')`;
  await sql`insert into public.organization_members (organization_id, user_id, role)
    values (${organizationId}, ${ada}, 'owner'), (${organizationId}, ${bob}, 'admin'), (${organizationId}, ${eve}, 'viewer')`;
});

afterEach(async () => {
  await database.sql`
    update public.workflow_executions set status = 'cancelled' where status in ('queued', 'running', 'waiting')`;
});

const ask = (fields: object = {}) => ({
  id: 'ask',
  type: 'approval',
  approvers: [bob],
  title: 'Go on?',
  approved: chain('yes'),
  rejected: chain('no'),
  ...fields,
});

const asked = (fields: object = {}) => ({
  approvers: [bob],
  title: 'Go on?',
  details: null,
  quorum: 1,
  allow_requester: false,
  on_timeout: 'fail',
  ...fields,
});

/** Starts, as Ada, a workflow whose first step asks. @returns the execution, its request and what came of asking */
async function request(fields: object = {}, step: object = {}) {
  const { sql } = database;
  const workflow = await publish(sql, { steps: [ask(step), ...chain('after')] }, organizationId);
  const [row] = await sql<{ id: string }[]>`
    insert into public.workflow_executions (workflow_id, created_by) values (${workflow.id}, ${ada}) returning id`;
  const [first] = await claim(sql, 10);
  await complete(sql, outcome(first as Claim, { status: 'waiting', approval: asked(fields) as never }));
  return { sql, id: row?.id ?? '', requestId: first?.step_run_id ?? '' };
}

/** Inserts a decision as a signed-in user, under row-level security. */
async function decide(user: string, requestId: string, decision: string, more: Record<string, string> = {}) {
  await database.sql.begin(async (tx) => {
    await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: user, role: 'authenticated' })}, true)`;
    await tx`set local role authenticated`;
    await tx`insert into public.approval_decisions ${tx({ request_id: requestId, decision, ...more })}`;
  });
}

const step = async (id: string, path: string) => {
  const [row] = await database.sql`
    select status, output, error from public.workflow_execution_steps where execution_id = ${id} and path = ${path}`;
  return row;
};
const status = async (requestId: string) => {
  const [row] = await database.sql`select status from public.approval_requests where id = ${requestId}`;
  return row?.status;
};

describe('an approval', () => {
  it('waits, and goes into its approved branch when somebody who was asked approves', async () => {
    const { sql, id, requestId } = await request();
    expect(await execution(sql, id)).toMatchObject({ status: 'waiting' });
    expect(await claim(sql, 10)).toEqual([]);
    await decide(bob, requestId, 'approve', { comment: 'Fine.' });
    const [yes] = await claim(sql, 10);
    expect(yes?.path).toBe('yes');
    const [after] = await complete(sql, outcome(yes as Claim));
    await complete(sql, outcome(after as Claim));
    expect(await step(id, 'ask')).toMatchObject({
      status: 'succeeded',
      output: { decision: 'approved', decidedBy: bob, comment: 'Fine.', decidedAt: expect.any(String) },
    });
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 3 });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, timers: 0, messages: 0 });
    expect(await status(requestId)).toBe('approved');
  });

  it('is rejected by one rejection', async () => {
    const { sql, requestId } = await request({ quorum: 2, approvers: [bob, 'role:viewer'] });
    await decide(bob, requestId, 'approve');
    await decide(eve, requestId, 'reject');
    expect((await claim(sql, 10)).map(({ path }) => path)).toEqual(['no']);
  });

  it('needs as many approvals as its quorum', async () => {
    const { sql, requestId } = await request({ quorum: 2, approvers: [bob, 'eve@example.com'] });
    await decide(bob, requestId, 'approve');
    expect(await status(requestId)).toBe('pending');
    await decide(eve, requestId, 'approve');
    expect((await claim(sql, 10)).map(({ path }) => path)).toEqual(['yes']);
  });

  it('may be decided by members with the role that was asked, and by those above it', async () => {
    const { requestId } = await request({ approvers: ['role:admin'] });
    await expect(decide(eve, requestId, 'approve')).rejects.toMatchObject({ detail: 'not_an_approver' });
    await decide(bob, requestId, 'approve');
    expect(await status(requestId)).toBe('approved');
  });

  it('is not decided twice by the same person, nor after it is closed', async () => {
    const { requestId } = await request({ quorum: 2, approvers: [bob, eve, 'role:owner'] });
    await decide(bob, requestId, 'approve');
    await expect(decide(bob, requestId, 'approve')).rejects.toMatchObject({ detail: 'already_decided' });
    await decide(eve, requestId, 'approve');
    await expect(decide(ada, requestId, 'approve')).rejects.toMatchObject({ detail: 'approval_closed' });
  });

  it('is not decided by whoever started the execution, unless that is allowed', async () => {
    const { requestId } = await request({ approvers: ['role:owner'] });
    await expect(decide(ada, requestId, 'approve')).rejects.toMatchObject({
      detail: 'requester_may_not_decide',
      hint: expect.stringContaining('allowRequester'),
    });
    const allowed = await request({ approvers: ['role:owner'], allow_requester: true });
    await decide(ada, allowed.requestId, 'approve');
    expect(await status(allowed.requestId)).toBe('approved');
  });

  it('can be delegated to somebody else, who then decides instead', async () => {
    const { requestId } = await request();
    await decide(bob, requestId, 'delegate', { delegate_to: eve });
    await expect(decide(bob, requestId, 'approve')).rejects.toMatchObject({ detail: 'not_an_approver' });
    await decide(eve, requestId, 'approve');
    expect(await status(requestId)).toBe('approved');
  });

  it('of an approver who does not exist fails, and says whom it could not ask', async () => {
    const { sql, id } = await request({ approvers: ['nobody@example.com'] });
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'unknown_approver', message: expect.stringContaining('nobody@example.com') },
    });
  });

  it.each([
    ['approve', 'yes'],
    ['reject', 'no'],
  ])('whose time is over goes on as %s where onTimeout says so', async (onTimeout, next) => {
    const { sql, requestId } = await request({ on_timeout: onTimeout }, { timeout: '2d', onTimeout });
    await advance(sql, '3 days');
    expect((await claim(sql, 10)).map(({ path }) => path)).toEqual([next]);
    expect(await status(requestId)).toBe('expired');
    await advance(sql, '-3 days');
  });

  it('fails after 30 days without a decision', async () => {
    const { sql, id, requestId } = await request();
    await advance(sql, '29 days');
    await sql`select workflow.sweep()`;
    expect(await status(requestId)).toBe('pending');
    await advance(sql, '2 days');
    await sql`select workflow.sweep()`;
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'approval_timeout' } });
    expect(await status(requestId)).toBe('expired');
    await advance(sql, '-31 days');
  });

  it('is withdrawn when its execution is cancelled', async () => {
    const { sql, id, requestId } = await request();
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
    expect(await status(requestId)).toBe('cancelled');
    await expect(decide(bob, requestId, 'approve')).rejects.toMatchObject({ detail: 'approval_closed' });
  });

  it('follows the role its workflow asks for', async () => {
    const { sql, id, requestId } = await request();
    await sql`update public.workflows set min_role = 'admin'
      where id = (select workflow_id from public.workflow_executions where id = ${id})`;
    const [row] = await sql`select min_role from public.approval_requests where id = ${requestId}`;
    expect(row?.min_role).toBe('admin');
  });

  it('is seen by whoever is asked and by those who see the workflow, and by nobody else', async () => {
    const { sql, requestId } = await request();
    const stranger = randomUUID();
    const sees = (user: string) =>
      sql.begin(async (tx) => {
        await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: user, role: 'authenticated' })}, true)`;
        await tx`set local role authenticated`;
        return (await tx`select id from public.approval_requests where id = ${requestId}`).length === 1;
      });
    expect(await Promise.all([bob, eve, stranger].map(sees))).toEqual([true, true, false]);
  });
});
