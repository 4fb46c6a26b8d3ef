import { describe, expect, it } from 'vitest';
import { advance, chain, claimOne, execution, start, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { broken, call, pause, useSubWorkflows } from '../../support/sub-workflows.ts';

// An execution and the one it waits for: what the end of the one does to the other.

const database = await useEngineDatabase();
const use = useSubWorkflows(database);
const { sql } = database;
const { publish, started, drain, cancel, childOf, childrenOf, step, left } = use;
const openOnes = () => sql`select id from public.workflow_executions where finished_at is null`;

describe('cancelling', () => {
  /** Three executions, each waiting for the next. */
  async function nested() {
    const grandchild = await publish([pause]);
    const child = await publish([call(grandchild.id)]);
    const parent = await publish([call(child.id)]);
    const top = await start(sql, parent);
    await drain();
    const middle = await childOf(top);
    return { top, middle: middle.id as string, bottom: (await childOf(middle.id)).id as string };
  }

  it('goes down to children and grandchildren', async () => {
    const { top, middle, bottom } = await nested();
    await cancel(top);
    await drain();
    for (const id of [top, middle, bottom])
      expect(await execution(sql, id)).toMatchObject({ status: 'cancelled' });
    expect(await left()).toBe(0);
  });

  it('goes up as child_cancelled', async () => {
    const { top, middle, bottom } = await nested();
    await cancel(bottom);
    await drain();
    expect(await execution(sql, middle)).toMatchObject({
      status: 'failed',
      error: { code: 'child_cancelled', retryable: false, details: { executionId: bottom } },
    });
    expect(await execution(sql, top)).toMatchObject({ status: 'failed', error: { code: 'child_failed' } });
    expect(await left()).toBe(0);
  });

  it('reaches an execution that is still in the backlog', async () => {
    const child = await publish([pause]);
    await sql`update public.workflows set status = 'paused' where id = ${child.id}`;
    const id = await start(sql, await publish([call(child.id)]));
    await drain();
    expect(await childOf(id)).toMatchObject({ status: 'queued' });
    await cancel(id);
    await drain();
    expect(await childOf(id)).toMatchObject({ status: 'cancelled' });
  });

  it('leaves alone what nobody waits for', async () => {
    const { id } = await started([pause], { wait: false }, {}, [pause]);
    await cancel(id);
    await drain();
    expect(await childOf(id)).toMatchObject({ status: 'waiting' });
  });

  it('wakes a worker for it, once', async () => {
    await sql`select vault.create_secret('http://127.0.0.1:9', 'project_url'), vault.create_secret('key', 'secret_key')`;
    const { top } = await nested();
    await sql`delete from net.http_request_queue`;
    await cancel(top);
    expect(await sql`select from net.http_request_queue`).toHaveLength(1);
    expect(await sql`select workflow.has_ready_work() as ready`).toEqual([{ ready: true }]);
    await drain();
    await sql`delete from vault.secrets`;
  });

  it('of a branch that is not needed any more cancels what it waits for', async () => {
    const child = await publish([pause]);
    const any = { id: 'any', type: 'parallel', wait: 'any' };
    const branches = { slow: [call(child.id)], fast: [{ id: 'nap', type: 'delay', for: '1m' }] };
    const id = await start(sql, await publish([{ ...any, branches }]));
    await drain();
    await advance(sql, '1 minute');
    await drain();
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
    expect(await childOf(id)).toMatchObject({ status: 'cancelled' });
    expect(await left()).toBe(0);
  });
});

describe('the timeout of the step', () => {
  it('fails it and cancels what it waited for', async () => {
    const { id } = await started([pause], {}, { timeout: '10m' });
    await advance(sql, '10 minutes');
    await drain();
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
    expect(await childOf(id)).toMatchObject({ status: 'cancelled' });
    expect(await left()).toBe(0);
  });

  it('of a condition around it cancels what it waited for, while the execution goes on', async () => {
    const child = await publish([pause]);
    const inside = [call(child.id, {}, { timeout: '20m' })];
    const around = { id: 'around', type: 'condition', if: 'true', timeout: '10m', onError: 'continue' };
    const id = await start(sql, await publish([{ ...around, then: inside }, pause]));
    await drain();
    await advance(sql, '10 minutes');
    await drain();
    expect(await statuses(sql, id)).toEqual({ around: 'failed', call: 'cancelled', pause: 'waiting' });
    expect(await childOf(id)).toMatchObject({ status: 'cancelled' });
  });

  it('is that of each attempt, and the next starts anew', async () => {
    const retry = { attempts: 2, delay: '1m', backoff: 'fixed' };
    const { id } = await started([pause], {}, { timeout: '50m', retry });
    for (const interval of ['50 minutes', '1 minute', '50 minutes']) {
      await advance(sql, interval);
      await drain();
    }
    expect((await childrenOf(id)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect(await step(id)).toMatchObject({ status: 'failed', attempt: 2, error: { code: 'timeout' } });
    expect(await left()).toBe(0);
  });

  it('is no lease: a lost worker is noticed as soon as at any other step', async () => {
    await start(sql, await publish([call((await publish(chain('one'))).id, {}, { timeout: '30d' })]));
    expect(await claimOne(sql)).toMatchObject({ timeout_ms: 60_000 });
  });

  it('goes when the execution has ended in time', async () => {
    const { id } = await started(chain('one'), {}, { timeout: '10m' }, [pause]);
    expect(await sql`select kind from workflow.timers where execution_id = ${id}`).toEqual([
      { kind: 'delay' },
    ]);
  });
});

describe('the sweep', () => {
  it('makes up for word that was lost', async () => {
    const { id } = await started([pause], {}, {}, chain('after'));
    const child = await childOf(id);
    await cancel(child.id);
    await sql`truncate workflow.ended_executions`;
    await drain();
    expect(await step(id)).toMatchObject({ status: 'waiting' });
    await sql`select workflow.sweep()`;
    expect(await step(id)).toMatchObject({ status: 'failed', error: { code: 'child_cancelled' } });
  });

  it('settles without a worker: the parent goes on, and what nobody waits for is cancelled', async () => {
    const { id } = await started([pause]);
    await cancel(id);
    await sql`select workflow.sweep()`;
    expect(await childOf(id)).toMatchObject({ status: 'cancelled' });
  });

  it('ends the wait for an execution that was deleted with its workflow', async () => {
    const { id, child } = await started([pause]);
    await sql`delete from public.workflows where id = ${child.id}`;
    await sql`select workflow.sweep()`;
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'child_cancelled', message: expect.stringContaining('deleted') },
    });
    expect(await left()).toBe(0);
  });

  it('cancels what an execution waited for that was deleted with its workflow', async () => {
    const { id, parent } = await started([pause]);
    await sql`delete from public.workflows where id = ${parent.id}`;
    await sql`select workflow.sweep()`;
    expect(await childOf(id)).toMatchObject({ status: 'cancelled' });
  });

  it('prunes children and parents in any order', async () => {
    const { id } = await started(chain('one'));
    await sql`update workflow.settings set keep_executions = '1 hour'`;
    const child = await childOf(id);
    for (const old of [child.id, id]) {
      await sql`update public.workflow_executions set finished_at = finished_at - interval '2 hours' where id = ${old}`;
      await sql`select workflow.sweep()`;
      expect(await sql`select from public.workflow_executions where id = ${old}`).toHaveLength(0);
    }
    await sql`update workflow.settings set keep_executions = default`;
    expect(await openOnes()).toHaveLength(0);
  });
});

describe('a retry of an execution', () => {
  it('keeps what it has waited for, and starts it again if that is what failed', async () => {
    use.failures = 1;
    const child = await publish(chain('one'));
    const id = await start(sql, await publish([call(child.id), broken]));
    await drain();
    const [row] = await sql`select workflow.retry(${id}, '@failed') as id`;
    await drain();
    expect(await execution(sql, row?.id)).toMatchObject({ status: 'succeeded', retry_from: 'broken' });
    expect((await step(row?.id))?.output).toEqual((await step(id))?.output);
    expect(await sql`select from public.workflow_executions where workflow_id = ${child.id}`).toHaveLength(1);
  });
});
