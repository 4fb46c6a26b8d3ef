import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Claim } from '../../../functions/worker/claim.ts';
import {
  advance,
  chain,
  claim,
  claimOne,
  complete,
  execution,
  failure,
  leftovers,
  outcome,
  publish,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { useWorker } from '../../support/worker.ts';

const database = await useEngineDatabase();
const { sql } = database;
const worker = useWorker(database);
const [ada, bob, eve, sam] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()].sort() as [
  string,
  string,
  string,
  string,
];
const emails: Record<string, string> = {
  [ada]: 'ada@m.io',
  [bob]: 'bob@m.io',
  [eve]: 'eve@m.io',
  [sam]: 'sam@m.io',
};
const organizationId = randomUUID();
const nothing = { strands: 0, leases: 0, timers: 0, messages: 0 };

interface Line {
  key: string;
  to: string;
  subject: string;
  body: string;
  data: { kind: string; link: string | null };
}
const lines: Line[] = [];

beforeAll(async () => {
  await sql`insert into auth.users (id, email) select * from unnest(${Object.keys(emails)}::uuid[], ${Object.values(emails)}::text[])`;
  await sql`insert into public.organizations (id, name) values (${organizationId}, 'Messages')`;
  await sql`insert into public.organization_members (organization_id, user_id, role) values
    (${organizationId}, ${ada}, 'owner'), (${organizationId}, ${bob}, 'admin'), (${organizationId}, ${eve}, 'viewer')`;
});

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => lines.push(JSON.parse(line)));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await sql`
    update public.workflow_executions set status = 'cancelled' where status in ('queued', 'running', 'waiting')`;
  await sql`update workflow.settings set clock_offset = default, page_url = default`;
  await sql`delete from public.notification_logs`;
});

const ask = (fields: object = {}) => ({
  id: 'ask',
  type: 'approval',
  approvers: [bob],
  title: 'Pay {{ input.amount }} euros?',
  details: { to: 'Mill Ltd' },
  channel: 'log',
  timeout: '30d',
  ...fields,
});

/** Starts, as Ada, a workflow that asks, and lets the worker ask. */
async function begin(step: object, others: object[] = []): Promise<string> {
  const workflow = await publish(sql, { steps: [step, ...others] }, organizationId);
  const [row] = await sql<{ id: string }[]>`
    insert into public.workflow_executions (workflow_id, created_by, input)
    values (${workflow.id}, ${ada}, '{"amount": 40, "list": [1, 2]}') returning id`;
  await work(1);
  return row?.id ?? '';
}

/** The worker runs so many rounds of what is ready. */
async function work(rounds = 10): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const claims = await claim(sql, 10);
    if (claims.length === 0) return;
    await worker.run(claims);
  }
}

async function requestOf(id: string) {
  const [row] = await sql`select * from public.approval_requests where execution_id = ${id}`;
  return row as NonNullable<typeof row>;
}

async function decide(user: string, requestId: string, decision: string, more: Record<string, string> = {}) {
  await sql.begin(async (tx) => {
    await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: user, role: 'authenticated' })}, true)`;
    await tx`set local role authenticated`;
    await tx`insert into public.approval_decisions ${tx({ request_id: requestId, decision, ...more })}`;
  });
}

const messagesOf = (id: string) => sql`
  select id, status, handled, attempt, output, error from public.workflow_execution_steps
  where execution_id = ${id} and type = 'message' order by id`;

describe('an approval with a channel', () => {
  it('tells everybody who is asked, by name or by role, each under a key of their own', async () => {
    const id = await begin(ask({ approvers: [eve, 'role:admin'], allowRequester: true }));
    await work();
    const [message] = await messagesOf(id);
    expect(message).toMatchObject({
      status: 'succeeded',
      output: { kind: 'request', to: [ada, bob, eve].sort() },
    });
    expect(lines.map(({ to }) => to).sort()).toEqual(['ada@m.io', 'bob@m.io', 'eve@m.io']);
    expect(lines.map(({ key }) => key).sort()).toEqual(
      [ada, bob, eve].map((user) => `${message?.id}:${user}`).sort(),
    );
    expect(lines[0]).toMatchObject({ subject: 'Your approval is needed: Pay 40 euros?' });
    expect(lines[0]?.body).toContain('Mill Ltd');
    expect(await execution(sql, id)).toMatchObject({ status: 'waiting' });
    expect(await leftovers(sql)).toMatchObject({ strands: 1, leases: 0, messages: 0 });
  });

  it('does not ask whoever started the execution, who may not decide', async () => {
    await begin(ask({ approvers: ['role:admin'] }));
    await work();
    expect(lines.map(({ to }) => to)).toEqual(['bob@m.io']);
  });

  it('gives each a link of their own, where there is a page, and keeps it in no table', async () => {
    await sql`update workflow.settings set page_url = 'https://page.example'`;
    await begin(ask({ approvers: [bob, eve] }));
    await work();
    const links = lines.map(({ data }) => data.link);
    expect(new Set(links).size).toBe(2);
    expect(links[0]).toMatch(/^https:\/\/page\.example\/#\/approvals\/.+/);
    expect(lines[0]?.body).toContain(links[0]);
    const kept = await sql`select recipient, body from public.notification_logs order by recipient`;
    expect(kept.map(({ recipient }) => recipient)).toEqual(['bob@m.io', 'eve@m.io']);
    for (const { body } of kept) expect(body).not.toContain('#/approvals/');
  });

  it('tells a delegate', async () => {
    const id = await begin(ask());
    await work();
    await decide(bob, (await requestOf(id)).id, 'delegate', { delegate_to: sam });
    await work();
    expect(lines.map(({ to }) => to)).toEqual(['bob@m.io', 'sam@m.io']);
  });

  it('goes on when a message fails for good, and shows why', async () => {
    const id = await begin(ask({ approved: chain('yes') }));
    await complete(sql, failure(await claimOne(sql), { code: 'no_such_number' }));
    expect(await messagesOf(id)).toMatchObject([
      { status: 'failed', handled: true, error: { code: 'no_such_number' } },
    ]);
    expect(await execution(sql, id)).toMatchObject({ status: 'waiting', error: null });
    await decide(bob, (await requestOf(id)).id, 'approve');
    await work();
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('tries a message again under the same key', async () => {
    const id = await begin(ask());
    const first = await claimOne(sql);
    await complete(sql, failure(first, { retryable: true }));
    await advance(sql, '1 hour');
    await work();
    expect(await messagesOf(id)).toMatchObject([{ id: first.step_run_id, status: 'succeeded', attempt: 2 }]);
    expect(lines.map(({ key }) => key)).toEqual([`${first.step_run_id}:${bob}`]);
  });

  it('sends nothing any more once it is decided', async () => {
    const id = await begin(ask({ reminders: ['1d'] }), chain('after'));
    const sending = await claimOne(sql);
    await decide(bob, (await requestOf(id)).id, 'reject');
    expect(await statuses(sql, id)).toEqual({
      ask: 'succeeded',
      'ask.message': 'cancelled',
      after: 'queued',
    });
    await expect(complete(sql, outcome(sending))).rejects.toMatchObject({ detail: 'stale_claim' });
    expect(await leftovers(sql)).toMatchObject({ timers: 0, strands: 1 });
  });

  it('inside a loop leaves the count of its iterations alone', async () => {
    const id = await begin({
      id: 'each',
      type: 'loop',
      items: 'input.list',
      steps: [ask({ reminders: ['1d'] })],
    });
    for (const _ of [1, 2]) {
      await work();
      const [open] =
        await sql`select id from public.approval_requests where execution_id = ${id} and status = 'pending'`;
      await decide(bob, open?.id, 'approve');
    }
    await work();
    expect(await execution(sql, id)).toMatchObject({
      status: 'succeeded',
      output: { count: 2, succeeded: 2 },
    });
    expect(lines).toHaveLength(2);
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('without a channel tells nobody', async () => {
    const id = await begin(ask({ channel: undefined }));
    await work();
    expect(await messagesOf(id)).toEqual([]);
    expect(await leftovers(sql)).toMatchObject({ strands: 1, messages: 0 });
  });
});

describe('reminders', () => {
  it('go to those who have not decided, each time one is due, and the request records them', async () => {
    const id = await begin(ask({ approvers: [bob, eve], quorum: 2, reminders: ['1d', '3d'] }));
    await work();
    const request = await requestOf(id);
    expect(request).toMatchObject({ reminders_sent: 0, reminded_at: null });
    await decide(bob, request.id, 'approve');
    lines.length = 0;
    await advance(sql, '25 hours');
    await work();
    expect(lines).toMatchObject([{ to: 'eve@m.io', subject: expect.stringContaining('still needed') }]);
    expect(await requestOf(id)).toMatchObject({ reminders_sent: 1, reminded_at: expect.any(Date) });
    await advance(sql, '2 days');
    await work();
    expect(lines.map(({ to, data }) => `${data.kind} ${to}`)).toEqual([
      'reminder eve@m.io',
      'reminder eve@m.io',
    ]);
    expect(await requestOf(id)).toMatchObject({ reminders_sent: 2 });
    await advance(sql, '10 days');
    await work();
    expect(lines).toHaveLength(2);
  });

  it('that were missed are sent as one', async () => {
    const id = await begin(ask({ reminders: ['1d', '2d', '3d', '9d'] }));
    await work();
    await advance(sql, '4 days');
    await work();
    expect(await requestOf(id)).toMatchObject({ reminders_sent: 1 });
    expect(lines).toHaveLength(2);
    expect(await leftovers(sql)).toMatchObject({ timers: 2 });
  });

  it.each([
    ['approval', async (id: string) => decide(bob, (await requestOf(id)).id, 'approve')],
    ['time for a decision', async () => void (await advance(sql, '31 days'))],
    [
      'execution',
      async (id: string) =>
        void (await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`),
    ],
  ])('end with the %s', async (_of, end) => {
    const id = await begin(ask({ reminders: ['29d', '30d', '40d'], timeout: '30d' }));
    await work();
    await end(id);
    await work();
    await sql`select workflow.sweep()`;
    await work();
    await advance(sql, '90 days');
    await work();
    expect(lines.map(({ data }) => data.kind)).toEqual(['request']);
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('are not sent after a condition around them is out of time', async () => {
    const around = {
      id: 'check',
      type: 'condition',
      if: 'true',
      timeout: '2h',
      then: [ask({ reminders: ['1d'] })],
    };
    const id = await begin({ ...around, onError: 'continue' }, chain('after'));
    await work(1);
    const [message] = await claim(sql, 1);
    expect(message?.path).toBe('ask.message');
    await advance(sql, '3 hours');
    await sql`select workflow.sweep()`;
    expect(await statuses(sql, id)).toMatchObject({
      check: 'failed',
      ask: 'cancelled',
      'ask.message': 'cancelled',
    });
    await expect(complete(sql, outcome(message as Claim))).rejects.toMatchObject({ detail: 'stale_claim' });
    await work();
    expect(lines).toEqual([]);
    expect(await leftovers(sql)).toEqual(nothing);
  });
});
