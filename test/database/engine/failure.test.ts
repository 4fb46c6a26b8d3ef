import { afterEach, describe, expect, it } from 'vitest';
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

const database = await useEngineDatabase();
const retry = { attempts: 3, backoff: 'exponential', delay: '10s', maxDelay: '15s' };
const query = { id: 'read', type: 'action', action: 'query', params: { entity: 'leads' } };

afterEach(async () => {
  await database.sql`truncate public.workflow_executions cascade`;
  await database.sql`update workflow.settings set clock_offset = '0'`;
});

describe('a failed step', () => {
  it('fails its execution when nothing handles the error', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    expect(await complete(sql, failure(await claimOne(sql), { hint: 'Mend it.' }))).toEqual([]);
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'broken', message: 'It broke.', hint: 'Mend it.', attempt: 1, step: 'one' },
      steps_done: 1,
    });
    expect(await statuses(sql, id)).toEqual({ one: 'failed' });
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('is tried again after its delay, doubled and jittered, until its attempts are used up', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: [{ ...query, retry }] }));
    for (const [attempt, least, most] of [
      [1, 5, 10],
      [2, 7.5, 15],
    ] as const) {
      const claimed = await claimOne(sql);
      expect(claimed.attempt).toBe(attempt);
      await complete(sql, failure(claimed, { retryable: true }));
      expect(await execution(sql, id)).toMatchObject({ status: 'waiting' });
      expect(await statuses(sql, id)).toEqual({ read: 'waiting' });
      const [timer] = await sql`
        select extract(epoch from due_at - workflow.now())::float8 as seconds from workflow.timers`;
      expect(timer?.seconds).toBeGreaterThan(least - 1);
      expect(timer?.seconds).toBeLessThanOrEqual(most);
      expect(await claim(sql)).toHaveLength(0);
      await advance(sql, '15 seconds');
    }
    await complete(sql, failure(await claimOne(sql), { retryable: true }));
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { attempt: 3 } });
  });

  it('waits at least as long as the other side has asked for', async () => {
    const { sql } = database;
    await start(sql, await publish(sql, { steps: [{ ...query, retry }] }));
    await complete(sql, failure(await claimOne(sql), { retryable: true, retry_after_ms: 600_000 }));
    await advance(sql, '9 minutes');
    expect(await claim(sql, 10)).toEqual([]);
    await advance(sql, '2 minutes');
    await complete(sql, outcome(await claimOne(sql)));
    await advance(sql, '-11 minutes');
  });

  it('that succeeds in a later attempt has no error any more', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: [{ ...query, retry }, ...chain('after')] }));
    await complete(sql, failure(await claimOne(sql), { retryable: true }));
    await advance(sql, '15 seconds');
    await complete(sql, outcome(await claimOne(sql)));
    const [row] = await sql`
      select status, attempt, error from public.workflow_execution_steps where execution_id = ${id} and path = 'read'`;
    expect(row).toEqual({ status: 'succeeded', attempt: 2, error: null });
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
  });

  it('is not tried again when the error is not retryable', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: [{ ...query, retry }] }));
    await complete(sql, failure(await claimOne(sql), { retryable: false }));
    expect((await execution(sql, id)).status).toBe('failed');
  });

  it('with onError continue stays failed, is handled, and the next step runs', async () => {
    const { sql } = database;
    const id = await start(
      sql,
      await publish(sql, { steps: [{ ...query, onError: 'continue' }, ...chain('after')] }),
    );
    const [after] = await complete(sql, failure(await claimOne(sql)));
    expect(after?.path).toBe('after');
    await complete(sql, outcome(after as never));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', error: null });
    const [step] = await sql`select status, handled from public.workflow_execution_steps where path = 'read'`;
    expect(step).toEqual({ status: 'failed', handled: true });
  });

  it('runs its catch branch, takes its last output, and the next step runs', async () => {
    const { sql } = database;
    const id = await start(
      sql,
      await publish(sql, { steps: [{ ...query, onError: chain('rescue') }, ...chain('after')] }),
    );
    const [rescue] = await complete(sql, failure(await claimOne(sql)));
    expect(rescue?.path).toBe('rescue');
    const [after] = await complete(sql, outcome(rescue as never, { output: 'rescued' }));
    expect(after?.path).toBe('after');
    await complete(sql, outcome(after as never));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 3 });
    const [step] =
      await sql`select status, handled, output from public.workflow_execution_steps where path = 'read'`;
    expect(step).toEqual({ status: 'failed', handled: true, output: 'rescued' });
  });

  it('is known to its catch branch as `error`, and to onFailure as that of the execution', async () => {
    const { sql } = database;
    const tell = (id: string) => [{ id, type: 'transform', output: 'Failed: {{ error.message }}' }];
    await start(sql, await publish(sql, { steps: [{ ...query, onError: tell('rescue') }] }));
    const [rescue] = await complete(sql, failure(await claimOne(sql)));
    expect(rescue?.error).toMatchObject({ code: 'broken', message: 'It broke.' });
    await complete(sql, outcome(rescue as never));
    await start(sql, await publish(sql, { steps: chain('one'), onFailure: tell('tell') }));
    const [told] = await complete(sql, failure(await claimOne(sql)));
    expect(told?.error).toMatchObject({ code: 'broken', step: 'one' });
    await complete(sql, outcome(told as never));
  });

  it('whose catch branch fails fails the execution', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: [{ ...query, onError: chain('rescue') }] }));
    const [rescue] = await complete(sql, failure(await claimOne(sql)));
    await complete(sql, failure(rescue as never, { code: 'worse' }));
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'worse' } });
  });

  it('inside a condition is handled by the condition, which fails with it', async () => {
    const { sql } = database;
    const id = await start(
      sql,
      await publish(sql, {
        steps: [
          { id: 'decide', type: 'condition', if: 'true', then: [query], onError: 'continue' },
          ...chain('after'),
        ],
      }),
    );
    const [read] = await complete(sql, outcome(await claimOne(sql), { branch: 'then' }));
    const [after] = await complete(sql, failure(read as never));
    expect(after?.path).toBe('after');
    expect(await statuses(sql, id)).toEqual({ decide: 'failed', read: 'failed', after: 'running' });
    await complete(sql, outcome(after as never));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 3 });
  });

  it('lets onFailure run before the execution ends as failed', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one'), onFailure: chain('tell') }));
    const [tell] = await complete(sql, failure(await claimOne(sql)));
    expect(tell?.path).toBe('tell');
    expect(await execution(sql, id)).toMatchObject({ status: 'running', error: { code: 'broken' } });
    await complete(sql, outcome(tell as never));
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'broken' },
      output: null,
    });
  });

  it('inside onFailure does not replace the error the execution fails with', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one'), onFailure: chain('tell') }));
    const [tell] = await complete(sql, failure(await claimOne(sql)));
    await complete(sql, failure(tell as never, { code: 'two' }));
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'broken' } });
  });

  it('with a terminal error ends the execution past every handler', async () => {
    const { sql } = database;
    const id = await start(
      sql,
      await publish(sql, {
        steps: [{ ...query, onError: 'continue' }, ...chain('after')],
        onFailure: chain('tell'),
      }),
    );
    expect(
      await complete(sql, failure(await claimOne(sql), { code: 'record_not_visible', terminal: true })),
    ).toEqual([]);
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'record_not_visible' },
    });
  });
});

describe('a waiting step', () => {
  it('goes on when its moment has come: 90 days pass in one move of the clock', async () => {
    const { sql } = database;
    const id = await start(
      sql,
      await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: '90d' }, ...chain('after')] }),
    );
    const [row] = await sql`select workflow.now() + interval '90 days' as until`;
    const until = row?.until.toISOString();
    await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until, output: { until } }));
    expect(await execution(sql, id)).toMatchObject({ status: 'waiting' });
    expect(await leftovers(sql)).toMatchObject({ timers: 1, messages: 0, leases: 0 });
    await advance(sql, '89 days');
    expect(await claim(sql)).toHaveLength(0);
    await advance(sql, '1 day');
    const after = await claimOne(sql);
    expect(after.path).toBe('after');
    expect(await execution(sql, id)).toMatchObject({ status: 'running' });
    await complete(sql, outcome(after));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 2 });
  });

  it('that is the last ends the execution when its moment has come', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: '1h' }] }));
    const [row] = await sql`select workflow.now() + interval '1 hour' as until`;
    await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until: row?.until.toISOString() }));
    await advance(sql, '1 hour');
    await sql`select workflow.sweep()`;
    expect((await execution(sql, id)).status).toBe('succeeded');
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });
});
