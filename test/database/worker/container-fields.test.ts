import { expect, it } from 'vitest';
import { chain } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { act, type Step, say, useRuns } from '../../support/runs.ts';

// What each field of loops, parallels and approvals does, run on the engine; see fields.test.ts.

const database = await useEngineDatabase();
const { ada, bob, run, outputOf, decide, logged } = useRuns(database);
const { sql } = database;

const ask = (more: object = {}): Step => ({
  id: 'ask',
  type: 'approval',
  approvers: [bob],
  title: 'Go on?',
  ...more,
});

it('loop.items, loop.as, loop.steps, loop.collect: run the steps for each item and collect their outputs', async () => {
  const loop = {
    id: 'each',
    type: 'loop',
    items: 'input.list',
    as: 'name',
    steps: [say('hi', '{{ loop.index }} {{ name }}')],
  };
  const list = ['a', 'b'];
  const { execution: ended } = await run([loop], {}, { list });
  expect(ended.output).toEqual({ count: 2, succeeded: 2, failed: 0, items: ['0 a', '1 b'] });
  const without = await run([{ ...loop, collect: false }], {}, { list });
  expect(without.execution.output).toEqual({ count: 2, succeeded: 2, failed: 0 });
});

it.each([1, 3])('loop.concurrency: %i iterations wait at a time', async (concurrency) => {
  const steps = [{ id: 'wait', type: 'delay', for: '1h' }];
  const { waits } = await run([{ id: 'each', type: 'loop', items: [1, 2, 3], concurrency, steps }]);
  expect(waits.filter((wait) => wait > 3_000)).toHaveLength(3 / concurrency);
});

it('loop.maxItems: more fail before the first', async () => {
  const steps = [say('one', 1)];
  const { execution: ended, of } = await run(
    [{ id: 'each', type: 'loop', items: 'input.list', maxItems: 2, steps }],
    {},
    { list: [1, 2, 3] },
  );
  expect(ended.error).toMatchObject({ code: 'too_many_items' });
  expect(of('one')).toEqual([]);
});

it('loop.continueOnError: a failed iteration leaves the others running', async () => {
  const loop = { id: 'each', type: 'loop', items: [0, 1], steps: [say('half', { $: '4 / item' })] };
  expect((await run([loop])).execution.status).toBe('failed');
  const { execution: ended } = await run([{ ...loop, continueOnError: true }]);
  expect(ended.output).toEqual({ count: 2, succeeded: 1, failed: 1, items: [null, 4] });
});

it('parallel.branches: all run, and give their last outputs by name', async () => {
  const branches = { left: [say('a', 1), say('b', 2)], right: [say('c', 3)] };
  expect(await outputOf({ id: 'both', type: 'parallel', branches })).toEqual({ left: 2, right: 3 });
});

it.each([
  ['all', 'failed', undefined],
  ['any', 'succeeded', { good: 1, bad: null, late: null }],
  [{ count: 2 }, 'succeeded', { good: 1, bad: null, late: 2 }],
])('parallel.wait: %j', async (wait, status, output) => {
  const late = [{ id: 'wait', type: 'delay', for: '1h' }, say('b', 2)];
  const branches = { good: [say('a', 1)], bad: [act('x', 'fields.fail')], late };
  const { execution: ended } = await run([{ id: 'some', type: 'parallel', wait, branches }]);
  expect(ended.status).toBe(status);
  if (output) expect(ended.output).toEqual(output);
});

it('approval.approvers, approval.title, approval.details, approval.approved: are asked, and a yes goes its way', async () => {
  let asked: Record<string, unknown> | undefined;
  const step = ask({
    approvers: ['bob@f.io'],
    title: 'Pay {{ input.n }}?',
    details: { n: { $: 'input.n' } },
    approved: [say('paid', 1)],
  });
  const { of } = await run([step], {}, { n: 5 }, async (id) => {
    [asked] = await sql`select title, details, approver_ids from public.approval_requests where id = ${id}`;
    await decide(bob, id, 'approve', 'Fine.');
  });
  expect(asked).toEqual({ title: 'Pay 5?', details: { n: 5 }, approver_ids: [bob] });
  expect(of('paid')).toHaveLength(1);
  expect(of('ask')).toMatchObject([{ output: { decision: 'approved', decidedBy: bob, comment: 'Fine.' } }]);
});

it('approval.rejected: a no goes its way', async () => {
  const { of } = await run([ask({ rejected: [say('kept', 1)] })], {}, {}, (id) => decide(bob, id, 'reject'));
  expect(of('kept')).toHaveLength(1);
});

it('approval.quorum, approval.allowRequester: so many have to approve, the requester only if allowed', async () => {
  const deciders: string[] = [];
  const step = ask({ approvers: ['role:admin'], quorum: 2, allowRequester: true });
  const { execution: ended } = await run([step], {}, {}, async (id) => {
    const user = deciders.length === 0 ? ada : bob;
    await decide(user, id, 'approve');
    deciders.push(user);
  });
  expect([ended.status, deciders]).toEqual(['succeeded', [ada, bob]]);
  let refusal: unknown;
  await run([ask({ approvers: ['role:admin'] })], {}, {}, async (id) => {
    await decide(ada, id, 'approve').catch((error) => {
      refusal = error;
    });
    await decide(bob, id, 'approve');
  });
  expect(refusal).toMatchObject({ detail: 'requester_may_not_decide' });
});

it.each([
  ['approve', 'succeeded', { decision: 'approved' }],
  ['reject', 'succeeded', { decision: 'rejected' }],
  ['fail', 'failed', null],
])('approval.timeout, approval.onTimeout: nobody decides in time: %s', async (onTimeout, status, output) => {
  const { execution: ended, waits } = await run([ask({ timeout: '2d', onTimeout })]);
  expect(ended.status).toBe(status);
  if (output) expect(ended.output).toMatchObject(output);
  expect(waits.map((wait) => Math.round(wait / 86_400))).toEqual([2]);
});

it('approval.channel, approval.reminders: tell those who are asked, and tell them again', async () => {
  const lines = logged();
  const step = ask({ channel: 'log', reminders: ['1d', '2d'], timeout: '5d', onTimeout: 'approve' });
  const { waits } = await run([step]);
  expect(lines.map(({ to, data }) => `${(data as { kind: string }).kind} ${to}`)).toEqual([
    'request bob@f.io',
    'reminder bob@f.io',
    'reminder bob@f.io',
  ]);
  expect(waits.map((wait) => Math.round(wait / 86_400))).toEqual([1, 1, 3]);
});

it.each([
  ['condition', { if: 'true', then: [{ id: 'wait', type: 'delay', for: '1d' }] }],
  ['loop', { items: [1], steps: [{ id: 'wait', type: 'delay', for: '1d' }] }],
  ['parallel', { branches: { one: [{ id: 'wait', type: 'delay', for: '1d' }] } }],
])(
  'condition.timeout, loop.timeout, parallel.timeout: what runs inside a %s is cancelled, and it fails',
  async (type, fields) => {
    const { of, execution: ended } = await run([
      { id: 'box', type, ...fields, timeout: '1h', onError: 'continue' },
      ...chain('after'),
    ]);
    expect(of('wait')).toMatchObject([{ status: 'cancelled' }]);
    expect(of('box')).toMatchObject([{ status: 'failed', handled: true, error: { code: 'timeout' } }]);
    expect(ended.status).toBe('succeeded');
  },
);
