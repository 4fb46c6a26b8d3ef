import { describe, expect, it } from 'vitest';
import {
  chain,
  claim,
  claimOne,
  complete,
  execution,
  leftovers,
  outcome,
  publish,
  start,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const other = database.connect();
const nothing = { strands: 0, leases: 0, timers: 0, messages: 0 };

const cancel = (id: string) =>
  database.sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;

describe('cancelling an execution', () => {
  it('ends it at once, with its waiting and queued steps', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    await cancel(id);
    expect(await execution(sql, id)).toMatchObject({ status: 'cancelled', finished_at: expect.any(Date) });
    expect(await statuses(sql, id)).toEqual({ one: 'cancelled' });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('takes the timers of a waiting execution along', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: '1d' }] }));
    await complete(
      sql,
      outcome(await claimOne(sql), {
        status: 'waiting',
        until: new Date(Date.now() + 86_400_000).toISOString(),
      }),
    );
    await cancel(id);
    expect(await statuses(sql, id)).toEqual({ wait: 'cancelled' });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('refuses the outcome of a step that was running', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    const running = await claimOne(sql);
    await cancel(id);
    await expect(complete(sql, outcome(running))).rejects.toMatchObject({ detail: 'stale_claim' });
    expect(await statuses(sql, id)).toEqual({ one: 'cancelled' });
  });

  it('does not wait for a database action, whose transaction is rolled back and whose step then ends', async () => {
    const { sql } = database;
    await sql`create table public.effects (note text)`;
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    const { strand_id, token, ...claimed } = await claimOne(sql);
    const action = other.begin(async (tx) => {
      await tx`select workflow.enter_step(${strand_id}, ${token})`;
      await tx`insert into public.effects values ('done')`;
      await cancel(id);
      await complete(tx, outcome({ strand_id, token, ...claimed }));
    });
    await expect(action).rejects.toMatchObject({ detail: 'stale_claim' });
    expect(await sql`select * from public.effects`).toHaveLength(0);
    expect(await statuses(sql, id)).toEqual({ one: 'running' });
    await sql`select workflow.abandon_steps(array[${strand_id}]::uuid[])`;
    expect(await statuses(sql, id)).toEqual({ one: 'cancelled' });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('lets the next claim clear what a dead worker held of it', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one') }));
    const { strand_id, token } = await claimOne(sql);
    await other
      .begin(async (tx) => {
        await tx`select workflow.enter_step(${strand_id}, ${token})`;
        await cancel(id);
        throw new Error('the worker dies');
      })
      .catch(() => {});
    await sql`select workflow.set_visible(msg_id, 0) from workflow.leases`;
    expect(await claim(sql)).toEqual([]);
    expect(await statuses(sql, id)).toEqual({ one: 'cancelled' });
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('of an execution in the backlog admits nothing of it later', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    await sql`update workflow.settings set max_in_flight = 1`;
    const [first, second] = [await start(sql, workflow), await start(sql, workflow)];
    await cancel(second);
    await complete(sql, outcome(await claimOne(sql)));
    await sql`update workflow.settings set max_in_flight = default`;
    expect([(await execution(sql, first)).status, (await execution(sql, second)).status]).toEqual([
      'succeeded',
      'cancelled',
    ]);
    expect(await leftovers(sql)).toEqual(nothing);
  });
});
