import { afterEach, describe, expect, it } from 'vitest';
import {
  chain,
  claim,
  claimOne,
  complete,
  leftovers,
  loseLeases,
  outcome,
  publish,
  start,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const { sql } = database;
const other = database.connect();

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

/** The queue as it is: ids of the messages, and whether each is visible. */
const messages = () => sql<{ msg_id: string; visible: boolean }[]>`
  select msg_id, vt <= clock_timestamp() as visible from pgmq.q_workflow`;

describe('a strand', () => {
  it('brings back a step that has lost both its lease and its message', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    const lost = await claimOne(sql);
    await loseLeases(sql);
    await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
    await sql`select workflow.sweep()`;
    const found = await claimOne(sql);
    expect(found.step_run_id).toBe(lost.step_run_id);
    await complete(sql, outcome(found));
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('keeps one message from its first step to its last', async () => {
    await start(sql, await publish(sql, { steps: chain('one', 'two', 'three') }));
    const [message] = await messages();
    const [two] = await complete(sql, outcome(await claimOne(sql)), 'claim');
    expect(await messages()).toEqual([{ msg_id: message?.msg_id, visible: false }]);
    await complete(sql, outcome(two as never), 'queue');
    expect(await messages()).toEqual([{ msg_id: message?.msg_id, visible: true }]);
    await complete(sql, outcome(await claimOne(sql)));
    expect(await messages()).toEqual([]);
  });

  it('has no message while it waits', async () => {
    await start(sql, await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: '1h' }] }));
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until }));
    expect(await messages()).toEqual([]);
  });

  it('hides its message as long as the lease of its step lasts, also of one that may take longer', async () => {
    const long = { id: 'long', type: 'transform', output: 1, timeout: '3h' };
    await start(sql, await publish(sql, { steps: [...chain('one', 'two'), long] }));
    let current = await claim(sql);
    for (const path of ['one', 'two', 'long']) {
      expect(current).toMatchObject([{ path }]);
      const [row] = await sql`
        select q.vt >= l.expires_at as hidden from workflow.leases l join pgmq.q_workflow q using (msg_id)`;
      expect(row?.hidden).toBe(true);
      current = await complete(sql, outcome(current[0] as never));
    }
  });
});

describe('a successor', () => {
  it('exists only once what it reads is committed', async () => {
    const steps = [...chain('one'), { id: 'two', type: 'transform', output: { $: 'steps.one.output' } }];
    const id = await start(sql, await publish(sql, { steps }));
    const first = await claimOne(sql);
    await other.begin(async (tx) => {
      await complete(tx, outcome(first, { output: 'read me' }), 'queue');
      expect(await statuses(sql, id)).toEqual({ one: 'running' });
      expect(await claim(sql)).toEqual([]);
    });
    expect((await claimOne(sql)).steps).toEqual({
      one: { status: 'succeeded', output: 'read me', error: null },
    });
  });

  it('that is claimed begins with the commit of its predecessor, and is nobody else’s', async () => {
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    const first = await claimOne(sql);
    await other
      .begin(async (tx) => {
        await complete(tx, outcome(first), 'claim');
        throw new Error('the worker dies before its commit');
      })
      .catch(() => {});
    expect(await statuses(sql, id)).toEqual({ one: 'running' });
    await complete(sql, outcome(first), 'claim');
    expect(await statuses(sql, id)).toEqual({ one: 'succeeded', two: 'running' });
    expect(await claim(sql)).toEqual([]);
  });
});

describe('the sweep', () => {
  const endLeases = () =>
    sql`update workflow.leases set expires_at = clock_timestamp() - interval '1 second'`;

  it('makes the message of a lost lease visible again', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    await claimOne(sql);
    await endLeases();
    expect((await messages())[0]?.visible).toBe(false);
    const [row] = await sql`select workflow.sweep() as swept`;
    expect(row?.swept).toMatchObject({ leases_lost: 1, ready: true });
    expect(await claimOne(sql)).toMatchObject({ deliveries: 1 });
  });

  it('may run at any time: it takes nothing from a worker and adds no message', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    const claimed = await claimOne(sql);
    for (let times = 0; times < 3; times += 1) await sql`select workflow.sweep()`;
    expect(await messages()).toMatchObject([{ visible: false }]);
    await complete(sql, outcome(claimed));
  });
});
