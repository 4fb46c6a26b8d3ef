import { afterEach, describe, expect, it } from 'vitest';
import {
  chain,
  claim,
  claimOne,
  complete,
  execution,
  leftovers,
  loseLeases,
  outcome,
  publish,
  start,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const other = database.connect();

afterEach(async () => {
  await database.sql`truncate public.workflow_executions cascade`;
  await database.sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

describe('leases', () => {
  it('give a step to one worker only', async () => {
    const { sql } = database;
    await start(sql, await publish(sql, { steps: chain('one') }));
    expect(await claim(sql)).toHaveLength(1);
    expect(await claim(sql)).toHaveLength(0);
  });

  it('that are lost bring the step back with a fresh token', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one') }));
    const lost = await claimOne(sql);
    await loseLeases(sql);
    const found = await claimOne(sql);
    expect(found).toMatchObject({ step_run_id: lost.step_run_id, attempt: 1, deliveries: 1 });
    expect(found.token).not.toBe(lost.token);
    await complete(sql, outcome(found));
    expect((await execution(sql, id)).status).toBe('succeeded');
  });

  it('refuse the outcome of a late worker, and nothing of it stays', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    const late = await claimOne(sql);
    await loseLeases(sql);
    const current = await claimOne(sql);
    await expect(complete(sql, outcome(late, { output: 'late' }))).rejects.toMatchObject({
      detail: 'stale_claim',
    });
    expect(await statuses(sql, id)).toEqual({ one: 'running' });
    await complete(sql, outcome(current, { output: 'current' }));
    await expect(complete(sql, outcome(current))).rejects.toMatchObject({ detail: 'stale_claim' });
  });

  it('refuse a whole set when one claim in it is stale', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    const ids = [await start(sql, workflow), await start(sql, workflow)];
    const [one, two] = await claim(sql, 2);
    const stale = { ...outcome(two as never), token: crypto.randomUUID() };
    await expect(complete(sql, [outcome(one as never), stale])).rejects.toMatchObject({
      detail: 'stale_claim',
    });
    for (const id of ids) expect((await execution(sql, id)).status).toBe('running');
  });

  it('lost too often end the step with worker_lost', async () => {
    const { sql } = database;
    const id = await start(sql, await publish(sql, { steps: chain('one') }));
    for (let lost = 0; lost < 5; lost++) {
      expect(await claim(sql)).toHaveLength(1);
      await loseLeases(sql);
    }
    expect(await claim(sql)).toHaveLength(0);
    const ended = await execution(sql, id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'worker_lost', step: 'one' } });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, messages: 0 });
  });

  it('that are lost bring the step back alone, apart from all others', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    await start(sql, workflow);
    const lost = await claimOne(sql);
    await loseLeases(sql);
    for (let i = 0; i < 3; i += 1) await start(sql, workflow);
    expect((await claim(sql, 10)).map(({ strand_id }) => strand_id)).toEqual([lost.strand_id]);
    expect(await claim(sql, 10)).toHaveLength(3);
  });

  it('given back unstarted are claimed again at once and count as no delivery', async () => {
    const { sql } = database;
    await start(sql, await publish(sql, { steps: chain('one') }));
    const { strand_id, token } = await claimOne(sql);
    await sql`select workflow.give_back(${sql.json([{ strand_id, token }])})`;
    expect(await claimOne(sql)).toMatchObject({ strand_id, deliveries: 0 });
  });

  it('are not taken from a worker that is still inside its transaction', async () => {
    const { sql } = database;
    await start(sql, await publish(sql, { steps: chain('one') }));
    const { strand_id, token } = await claimOne(sql);
    await other.begin(async (tx) => {
      await tx`select workflow.enter_step(${strand_id}, ${token})`;
      await loseMessage(sql);
      await sql`select set_config('lock_timeout', '1s', false)`;
      expect(await claim(sql)).toHaveLength(0);
    });
  });
});

/** The message is visible again although its lease is held: what a lost clock would do. */
async function loseMessage(sql: typeof database.sql) {
  await sql`select workflow.set_visible(msg_id, 0) from workflow.leases`;
}

describe('the queue', () => {
  it('is repaired by the sweep when a message is lost', async () => {
    const { sql } = database;
    await start(sql, await publish(sql, { steps: chain('one') }));
    await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
    expect(await claim(sql)).toHaveLength(0);
    const [row] = await sql`select workflow.sweep() as swept`;
    expect(row?.swept).toMatchObject({ messages_restored: 1, ready: true });
    await claimOne(sql);
  });

  it('drops a second message of a strand that is being worked on', async () => {
    const { sql } = database;
    await start(sql, await publish(sql, { steps: chain('one') }));
    const claimed = await claimOne(sql);
    await sql`select pgmq.send('workflow', ${sql.json({ strand_id: claimed.strand_id })})`;
    expect(await claim(sql)).toHaveLength(0);
    expect(await leftovers(sql)).toMatchObject({ messages: 1 });
    await complete(sql, outcome(claimed));
  });

  it('drops messages whose strand has ended', async () => {
    const { sql } = database;
    await sql`select pgmq.send('workflow', ${sql.json({ strand_id: crypto.randomUUID() })})`;
    expect(await claim(sql)).toHaveLength(0);
    expect(await leftovers(sql)).toMatchObject({ messages: 0 });
  });
});
