import { afterEach, describe, expect, it } from 'vitest';
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
  start,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const { sql } = await useEngineDatabase();
const nothing = { strands: 0, leases: 0, timers: 0, messages: 0 };

afterEach(async () => {
  await sql`
    update public.workflow_executions set status = 'cancelled' where status in ('queued', 'running', 'waiting')`;
  await sql`update workflow.settings set clock_offset = default`;
});

const check = (fields: object = {}) => ({
  id: 'check',
  type: 'condition',
  if: 'true',
  timeout: '5m',
  then: chain('inner', 'later'),
  ...fields,
});
const taken = (claimed: Claim) =>
  outcome(claimed, { branch: 'then', output: { result: true, branch: 'then' } });
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

/** Starts a workflow, claims the condition it begins with and takes its branch. */
async function enter(steps: object[]): Promise<{ id: string; inner: Claim }> {
  const id = await start(sql, await publish(sql, { steps }));
  const [inner] = await complete(sql, taken(await claimOne(sql)));
  return { id, inner: inner as Claim };
}

async function timeIsOver(): Promise<void> {
  await advance(sql, '6 minutes');
  await sql`select workflow.sweep()`;
}

async function conditionOf(id: string) {
  const [row] = await sql`
    select status, handled, output, error from public.workflow_execution_steps where execution_id = ${id} and path = 'check'`;
  return row;
}

describe('a condition whose timeout is over', () => {
  it('fails, the step of its branch is cancelled, and a late outcome of it is refused', async () => {
    const { id, inner } = await enter([check(), ...chain('after')]);
    await timeIsOver();
    expect(await conditionOf(id)).toMatchObject({
      status: 'failed',
      output: { result: true },
      error: { code: 'timeout', hint: expect.any(String) },
    });
    expect(await statuses(sql, id)).toEqual({ check: 'failed', inner: 'cancelled' });
    await expect(complete(sql, outcome(inner))).rejects.toMatchObject({ detail: 'stale_claim' });
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'timeout', step: 'check' },
    });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('with onError continue lets the workflow go on after it', async () => {
    const { id } = await enter([check({ onError: 'continue' }), ...chain('after')]);
    await timeIsOver();
    const after = await claimOne(sql);
    expect(after.path).toBe('after');
    await complete(sql, outcome(after, { output: 'done' }));
    expect(await conditionOf(id)).toMatchObject({ status: 'failed', handled: true });
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', output: 'done', steps_done: 2 });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('runs its catch branch, which sees the error and has no limit itself', async () => {
    const { id } = await enter([
      check({ onError: [{ id: 'caught', type: 'transform', output: { $: 'error.code' } }] }),
    ]);
    await timeIsOver();
    const caught = await claimOne(sql);
    expect(caught).toMatchObject({ path: 'caught', error: { code: 'timeout' } });
    expect(await leftovers(sql)).toMatchObject({ timers: 0 });
    await complete(sql, outcome(caught, { output: 'told' }));
    expect(await conditionOf(id)).toMatchObject({ status: 'failed', handled: true, output: 'told' });
  });

  it('takes the waits and the nested containers of its branch along', async () => {
    const ask = { id: 'ask', type: 'approval', approvers: ['role:admin'], title: 'Go on?' };
    const nested = { id: 'nested', type: 'condition', if: 'true', timeout: '1h', then: [ask] };
    const { id, inner } = await enter([check({ then: [nested], onError: 'continue' }), ...chain('after')]);
    const [asking] = await complete(sql, taken(inner));
    const approval = {
      approvers: ['role:admin'],
      title: 'Go on?',
      details: null,
      quorum: 1,
      allow_requester: false,
      on_timeout: 'fail',
    };
    await complete(sql, outcome(asking as Claim, { status: 'waiting', approval }));
    expect(await leftovers(sql)).toMatchObject({ timers: 3 });
    await timeIsOver();
    expect(await statuses(sql, id)).toEqual({
      check: 'failed',
      nested: 'cancelled',
      ask: 'cancelled',
      after: 'queued',
    });
    const [request] = await sql`select status from public.approval_requests where execution_id = ${id}`;
    expect(request).toEqual({ status: 'cancelled' });
    expect(await leftovers(sql)).toMatchObject({ timers: 0 });
  });

  it('takes the iterations of a loop in its branch along', async () => {
    const each = { id: 'each', type: 'loop', items: [1, 2], steps: chain('body') };
    const { id, inner } = await enter([check({ then: [each], onError: 'continue' }), ...chain('after')]);
    await complete(
      sql,
      outcome(inner, { status: 'waiting', input: { items: [1, 2] }, fork: { concurrency: 2 } }),
    );
    const [body] = await claim(sql, 2);
    await timeIsOver();
    expect(await statuses(sql, id)).toEqual({
      check: 'failed',
      each: 'cancelled',
      'each.item': 'cancelled',
      body: 'cancelled',
      after: 'queued',
    });
    await expect(complete(sql, outcome(body as Claim))).rejects.toMatchObject({ detail: 'stale_claim' });
    await complete(sql, outcome(await claimOne(sql)));
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('in an iteration fails that iteration, and the loop goes on as it says', async () => {
    const each = { id: 'each', type: 'loop', items: [1], continueOnError: true, steps: [check()] };
    const id = await start(sql, await publish(sql, { steps: [each] }));
    await complete(
      sql,
      outcome(await claimOne(sql), {
        status: 'waiting',
        input: { items: [1] },
        fork: { concurrency: 1, continue_on_error: true },
      }),
      'queue',
    );
    await complete(sql, taken(await claimOne(sql)));
    await timeIsOver();
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', output: { count: 1, failed: 1 } });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('leaves a step inside a database action to its worker, whose outcome is refused, and fails after that', async () => {
    const { id, inner } = await enter([check({ onError: 'continue' }), ...chain('after')]);
    const action = sql.begin(async (tx) => {
      await tx`select workflow.enter_step(${inner.strand_id}, ${inner.token})`;
      await timeIsOver();
      expect(await statuses(sql, id)).toEqual({ check: 'waiting', inner: 'running' });
      await complete(tx, outcome(inner));
    });
    await expect(action).rejects.toMatchObject({ detail: 'stale_claim' });
    await advance(sql, '1 second');
    const after = await claimOne(sql);
    expect(after.path).toBe('after');
    expect(await statuses(sql, id)).toEqual({ check: 'failed', inner: 'cancelled', after: 'running' });
    await complete(sql, outcome(after));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('lets a wait that was due before it end first', async () => {
    const wait = { id: 'wait', type: 'delay', for: '4m' };
    const { id, inner } = await enter([check({ then: [wait, ...chain('later')] })]);
    await complete(sql, outcome(inner, { status: 'waiting', until: inMinutes(4) }));
    await advance(sql, '6 minutes');
    await sql`select workflow.fire_timers()`;
    expect(await statuses(sql, id)).toEqual({ check: 'waiting', wait: 'succeeded', later: 'queued' });
    await sql`select workflow.fire_timers()`;
    expect(await statuses(sql, id)).toEqual({ check: 'failed', wait: 'succeeded', later: 'cancelled' });
  });
});

describe('the timeout of a condition', () => {
  it('is over with its branch', async () => {
    const { id, inner } = await enter([check({ then: chain('inner') }), ...chain('after')]);
    const [after] = await complete(sql, outcome(inner));
    expect(await leftovers(sql)).toMatchObject({ timers: 0 });
    await timeIsOver();
    await complete(sql, outcome(after as Claim));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
  });

  it('is over when its branch fails', async () => {
    const { inner } = await enter([check({ onError: 'continue' }), ...chain('after')]);
    await complete(sql, failure(inner));
    expect(await leftovers(sql)).toMatchObject({ timers: 0, strands: 1 });
  });

  it('does not begin without a branch to take', async () => {
    const id = await start(sql, await publish(sql, { steps: [check({ then: [] }), ...chain('after')] }));
    const [after] = await complete(sql, taken(await claimOne(sql)));
    expect(after?.path).toBe('after');
    expect(await leftovers(sql)).toMatchObject({ timers: 0 });
    expect(await statuses(sql, id)).toMatchObject({ check: 'succeeded' });
  });
});
