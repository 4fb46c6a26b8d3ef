import { describe, expect, it } from 'vitest';
import { addMember, platform, signUp, signUpUser, sql } from '../support/platform.ts';
import type { TestOwner, TestUser } from '../support/users.ts';
import { finishedExecution, publishSteps, startExecution, stepOf } from '../support/workflows.ts';

// Somebody who is asked decides over HTTP, with nothing but the link they were sent.

const address = (token: string) => `${platform.api_url}/functions/v1/approvals/${token}`;

interface Asked {
  owner: TestOwner;
  approver: TestUser;
  executionId: string;
  requestId: string;
  token: string;
}

/** An execution that waits for an approval, and the token of a link sent to its approver. */
async function ask(step: object = {}): Promise<Asked> {
  const owner = await signUp();
  const approver = await signUpUser();
  await addMember(owner.organizationId, approver.id, 'viewer');
  const workflowId = await publishSteps(
    owner.client,
    owner.organizationId,
    [
      {
        id: 'ask',
        type: 'approval',
        approvers: [approver.id, 'role:viewer'],
        title: 'Send the money?',
        details: { amount: 40 },
        ...step,
      },
    ],
    { name: 'Payment' },
  );
  const executionId = await startExecution(owner.client, workflowId);
  await expect.poll(() => requestOf(executionId), { timeout: 15_000 }).toBeDefined();
  const requestId = (await requestOf(executionId)) as string;
  return { owner, approver, executionId, requestId, token: await newToken(requestId, approver.id) };
}

async function requestOf(executionId: string): Promise<string | undefined> {
  const [row] = await sql`select id from public.approval_requests where execution_id = ${executionId}`;
  return row?.id;
}

async function newToken(requestId: string, userId: string): Promise<string> {
  const [row] = await sql<{ token: string }[]>`
    select workflow.new_approval_token(${requestId}, ${userId}) as token`;
  return row?.token ?? '';
}

const decide = (token: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(address(token), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const decisionsOf = ({ requestId }: Asked) =>
  sql`select user_id, decision, comment, via from public.approval_decisions where request_id = ${requestId}`;

async function problem(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
}

describe('an approval link', () => {
  it('shows the request, and decides once as the person it was sent to', async () => {
    const asked = await ask();
    const shown = await fetch(address(asked.token));
    expect(shown.status).toBe(200);
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(await shown.json()).toMatchObject({
      title: 'Send the money?',
      details: { amount: 40 },
      workflow: 'Payment',
      status: 'pending',
      approver: { id: asked.approver.id, email: asked.approver.email },
      decision: null,
    });
    const decided = await decide(asked.token, { decision: 'approve', comment: 'Fine.' });
    expect(decided.status).toBe(200);
    expect(await decided.json()).toMatchObject({ status: 'approved', decision: { decision: 'approve' } });
    const last = await finishedExecution(asked.owner.client, asked.executionId);
    expect(stepOf(last, 'ask').output).toMatchObject({ decidedBy: asked.approver.id, comment: 'Fine.' });
    expect(await decisionsOf(asked)).toMatchObject([
      { user_id: asked.approver.id, decision: 'approve', comment: 'Fine.', via: 'link' },
    ]);
  });

  it('shows the outcome at the second click, however the first decided', async () => {
    const asked = await ask();
    await decide(asked.token, { decision: 'reject', comment: 'Too much.' });
    const outcome = {
      status: 'rejected',
      decision: { decision: 'reject', comment: 'Too much.', via: 'link' },
    };
    const again = await fetch(address(asked.token));
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject(outcome);
    expect(await problem(await decide(asked.token, { decision: 'approve' }))).toMatchObject({
      status: 409,
      code: 'already_decided',
      approval: outcome,
    });
    expect(await decisionsOf(asked)).toHaveLength(1);
  });

  it('changes nothing while mail scanners follow it', async () => {
    const asked = await ask();
    const scans = Array.from({ length: 20 }, (_, index) =>
      fetch(address(asked.token), {
        method: index % 2 === 0 ? 'GET' : 'HEAD',
        headers: { 'user-agent': 'LinkScanner/1.0' },
      }),
    );
    for (const scan of await Promise.all(scans)) expect(scan.status).toBe(200);
    expect(await decisionsOf(asked)).toEqual([]);
    expect(await (await fetch(address(asked.token))).json()).toMatchObject({
      status: 'pending',
      decision: null,
    });
    expect((await decide(asked.token, { decision: 'approve' })).status).toBe(200);
  });

  it('decides once when it is sent twice at the same moment', async () => {
    const asked = await ask({ quorum: 2 });
    const clicks = await Promise.all([1, 2, 3].map(() => decide(asked.token, { decision: 'approve' })));
    expect(clicks.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await decisionsOf(asked)).toHaveLength(1);
  });

  it('keeps who decided, when and from where, whatever the caller claims, for admins to see', async () => {
    const asked = await ask();
    await decide(
      asked.token,
      { decision: 'approve' },
      { 'user-agent': 'Phone', 'x-forwarded-for': '203.0.113.7' },
    );
    const { data } = await asked.owner.client
      .from('workflow_audit_log')
      .select('actor, created_at, details')
      .eq('event', 'approval_decided')
      .single();
    expect(data).toMatchObject({
      actor: asked.approver.id,
      created_at: expect.any(String),
      details: {
        request_id: asked.requestId,
        decision: 'approve',
        via: 'link',
        ip: '127.0.0.1',
        user_agent: 'Phone',
      },
    });
    const seen = await asked.approver.client.from('workflow_audit_log').select('id');
    expect(seen.data).toEqual([]);
  });

  it('is bound to one person: what may not be decided signed in may not be decided by link', async () => {
    const asked = await ask({ approvers: ['role:viewer'] });
    const stranger = await signUpUser();
    const strangers = await newToken(asked.requestId, stranger.id);
    expect(await problem(await decide(strangers, { decision: 'approve' }))).toMatchObject({
      status: 403,
      code: 'not_an_approver',
    });
    const requesters = await newToken(asked.requestId, asked.owner.id);
    expect(await problem(await decide(requesters, { decision: 'approve' }))).toMatchObject({
      status: 403,
      code: 'requester_may_not_decide',
      hint: expect.stringContaining('allowRequester'),
    });
    expect(await decisionsOf(asked)).toEqual([]);
  });

  it('is gone when the time for the approval is over, and says so', async () => {
    const asked = await ask();
    await sql`update public.approval_requests set due_at = workflow.now() - interval '1 second' where id = ${asked.requestId}`;
    for (const response of [
      await fetch(address(asked.token)),
      await decide(asked.token, { decision: 'approve' }),
    ]) {
      expect(await problem(response)).toMatchObject({
        status: 410,
        code: 'approval_expired',
        approval: { status: 'expired', title: 'Send the money?' },
      });
    }
    expect(await decisionsOf(asked)).toEqual([]);
  });

  it('shows a request that somebody else has decided, or that was withdrawn', async () => {
    const asked = await ask();
    await asked.owner.client
      .from('workflow_executions')
      .update({ status: 'cancelled' })
      .eq('id', asked.executionId)
      .throwOnError();
    expect(await (await fetch(address(asked.token))).json()).toMatchObject({ status: 'cancelled' });
    expect(await problem(await decide(asked.token, { decision: 'approve' }))).toMatchObject({
      status: 409,
      code: 'approval_closed',
      approval: { status: 'cancelled' },
    });
  });

  it('refuses a wrong token, a wrong body and a wrong method with a problem document, and writes nothing', async () => {
    const asked = await ask();
    const wrong = `${asked.token.slice(0, -1)}${asked.token.endsWith('A') ? 'B' : 'A'}`;
    const answers = [
      await fetch(address(wrong)),
      await decide(wrong, { decision: 'approve' }),
      await decide('', { decision: 'approve' }),
      await decide(asked.token, { decision: 'delegate' }),
      await decide(asked.token, '{"decision": '),
      await decide(asked.token, { decision: 'approve', comment: 'null\0character' }),
      await decide(asked.token, { decision: 'approve', comment: 'x'.repeat(70_000) }),
      await fetch(address(asked.token), { method: 'DELETE' }),
    ];
    const problems = await Promise.all(answers.map(problem));
    expect(problems.map(({ status, code }) => [status, code])).toEqual([
      [404, 'unknown_approval_link'],
      [404, 'unknown_approval_link'],
      [404, 'unknown_approval_link'],
      [422, 'invalid_decision'],
      [400, 'invalid_json'],
      [400, 'invalid_json'],
      [413, 'body_too_large'],
      [405, 'method_not_allowed'],
    ]);
    expect(await decisionsOf(asked)).toEqual([]);
  });

  it('leads to the page, and only its hash is kept', async () => {
    const asked = await ask();
    const [none] = await sql`select workflow.approval_link(${asked.requestId}, ${asked.approver.id}) as link`;
    expect(none?.link).toBeNull();
    const link = await sql.begin(async (tx) => {
      await tx`update workflow.settings set page_url = 'https://flows.example.com/'`;
      const [row] = await tx`select workflow.approval_link(${asked.requestId}, ${asked.approver.id}) as link`;
      await tx`update workflow.settings set page_url = null`;
      return row?.link as string;
    });
    const [, token = ''] = /^https:\/\/flows\.example\.com\/#\/approvals\/([\w-]{43})$/.exec(link) ?? [];
    expect((await fetch(address(token))).status).toBe(200);
    const kept =
      await sql`select l::text as row from workflow.approval_links l where request_id = ${asked.requestId}`;
    expect(kept).toHaveLength(2);
    for (const { row } of kept) {
      expect(row).not.toContain(token);
      expect(row).not.toContain(Buffer.from(token).toString('hex'));
    }
  });
});

it('a decision by supabase-js is marked as made signed in, and logged', async () => {
  const asked = await ask();
  await asked.approver.client
    .from('approval_decisions')
    .insert({ request_id: asked.requestId, decision: 'approve', via: 'link' })
    .throwOnError();
  expect(await decisionsOf(asked)).toMatchObject([{ via: 'session' }]);
  const [logged] = await sql`
    select actor, details from public.workflow_audit_log where event = 'approval_decided' and execution_id = ${asked.executionId}`;
  expect(logged).toMatchObject({ actor: asked.approver.id, details: { via: 'session' } });
});

it('a decision over the Data API is logged with the address its gateway reports, not with one the caller claims', async () => {
  const asked = await ask();
  await sql.begin(async (tx) => {
    const claims = JSON.stringify({ sub: asked.approver.id, role: 'authenticated' });
    const headers = JSON.stringify({ 'x-forwarded-for': '203.0.113.7, 198.51.100.4', 'user-agent': 'Phone' });
    await tx`select set_config('request.jwt.claims', ${claims}, true), set_config('request.headers', ${headers}, true)`;
    await tx`set local role authenticated`;
    await tx`insert into public.approval_decisions (request_id, decision) values (${asked.requestId}, 'approve')`;
  });
  const [logged] = await sql`
    select details from public.workflow_audit_log where event = 'approval_decided' and execution_id = ${asked.executionId}`;
  expect(logged?.details).toMatchObject({ via: 'session', ip: '198.51.100.4', user_agent: 'Phone' });
});
