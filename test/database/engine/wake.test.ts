import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chain, claimOne, complete, outcome, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const { sql } = database;
const other = database.connect();

beforeAll(async () => {
  await sql`select vault.create_secret('http://127.0.0.1:9', 'project_url'), vault.create_secret('key', 'secret_key')`;
});

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
  await sql`delete from net.http_request_queue`;
  await sql`update workflow.slots set token = null, expires_at = '-infinity'`;
  await sql`update workflow.settings set max_slots = default`;
});

const posts = () => sql<{ url: string }[]>`select url from net.http_request_queue`;

interface Slot {
  id: number;
  token: string;
}

async function acquire(): Promise<Slot | null> {
  const [row] = await sql<{ slot: Slot | null }[]>`select workflow.acquire_slot() as slot`;
  return row?.slot ?? null;
}

/** Takes every slot there is. */
async function acquireAll(): Promise<Slot[]> {
  const slots: Slot[] = [];
  for (let slot = await acquire(); slot; slot = await acquire()) slots.push(slot);
  return slots;
}

async function retire({ id, token }: Slot): Promise<{ retired: boolean; timer_ms: number | null }> {
  const [row] = await sql`select workflow.retire(${id}, ${token}) as answer`;
  return row?.answer;
}

async function startWaiting(delay: string): Promise<void> {
  await start(sql, await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: delay }] }));
  const [row] = await sql`select workflow.now() + ${delay}::interval as until`;
  await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until: row?.until.toISOString() }));
}

describe('a wake-up', () => {
  it('goes to the worker once for all executions that an insert has started', async () => {
    const { id } = await publish(sql, { steps: chain('one') });
    await sql`insert into public.workflow_executions (workflow_id) select ${id} from generate_series(1, 20)`;
    expect(await posts()).toEqual([{ url: 'http://127.0.0.1:9/functions/v1/worker' }]);
  });

  it('is not sent when its transaction is rolled back', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await sql
      .begin(async (tx) => {
        await start(tx, workflow);
        throw new Error('rolled back');
      })
      .catch(() => {});
    expect(await posts()).toHaveLength(0);
  });

  it('is not sent while every slot is held', async () => {
    await acquireAll();
    await start(sql, await publish(sql, { steps: chain('one') }));
    expect(await posts()).toHaveLength(0);
  });

  it('is sent all the same while a worker is at the gate to free its slot', async () => {
    await acquireAll();
    const workflow = await publish(sql, { steps: chain('one') });
    await other.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(workflow.gate())`;
      await start(sql, workflow);
    });
    expect(await posts()).toHaveLength(1);
  });

  it('is sent by the sweep when work is ready, and only then', async () => {
    await sql`select workflow.sweep()`;
    expect(await posts()).toHaveLength(0);
    await start(sql, await publish(sql, { steps: chain('one') }));
    await sql`delete from net.http_request_queue`;
    await sql`select workflow.sweep()`;
    expect(await posts()).toHaveLength(1);
  });
});

describe('slots', () => {
  it('are as many as the setting says', async () => {
    await sql`update workflow.settings set max_slots = 3`;
    expect(await acquireAll()).toHaveLength(3);
  });

  it('are held by a lease too, after their own time', async () => {
    await sql`update workflow.settings set max_slots = 1`;
    const slot = await acquire();
    await start(sql, await publish(sql, { steps: chain('one') }));
    const [row] = await sql`select workflow.claim_steps(1, ${slot?.id ?? 0}) as claims`;
    await sql`update workflow.slots set expires_at = clock_timestamp()`;
    expect(await acquire()).toBeNull();
    await complete(sql, outcome(row?.claims[0]));
    expect(await acquire()).not.toBeNull();
  });

  it('that have gone to another chain are neither held nor freed by the first', async () => {
    await sql`update workflow.settings set max_slots = 1`;
    const lost = (await acquire()) as Slot;
    await sql`update workflow.slots set expires_at = clock_timestamp()`;
    await acquire();
    const [row] = await sql`select workflow.hold_slot(${lost.id}, ${lost.token}) as held`;
    expect(row?.held).toBe(false);
    await retire(lost);
    expect(await acquire()).toBeNull();
  });
});

describe('a worker that retires', () => {
  it('frees its slot when nothing is ready', async () => {
    const slot = (await acquire()) as Slot;
    expect(await retire(slot)).toEqual({ retired: true, timer_ms: null });
    expect(await acquire()).toMatchObject({ id: slot.id });
  });

  it('keeps it when work has come in', async () => {
    const slot = (await acquire()) as Slot;
    await start(sql, await publish(sql, { steps: chain('one') }));
    expect(await retire(slot)).toMatchObject({ retired: false });
  });

  it('keeps it while a transaction is at the gate', async () => {
    const slot = (await acquire()) as Slot;
    await other.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock_shared(workflow.gate())`;
      expect(await retire(slot)).toMatchObject({ retired: false });
    });
  });

  it('keeps it for a timer that is due within thirty seconds, and is told when', async () => {
    const slot = (await acquire()) as Slot;
    await startWaiting('29s');
    const { retired, timer_ms } = await retire(slot);
    expect(retired).toBe(false);
    expect(timer_ms).toBeGreaterThan(0);
    expect(timer_ms).toBeLessThanOrEqual(29_000);
  });

  it('does not wait for a timer of later', async () => {
    const slot = (await acquire()) as Slot;
    await startWaiting('1h');
    expect(await retire(slot)).toEqual({ retired: true, timer_ms: null });
  });
});
