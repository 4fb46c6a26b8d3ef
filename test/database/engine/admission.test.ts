import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Claim } from '../../../functions/worker/claim.ts';
import {
  chain,
  claim,
  claimOne,
  complete,
  execution,
  outcome,
  publish,
  start,
  type TestWorkflow,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const { sql } = database;
const other = database.connect();

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
  await sql`update workflow.settings set max_in_flight = default`;
});

/** How many strands of an organisation may be ready or running. */
const limit = (count: number) => sql`update workflow.settings set max_in_flight = ${count}`;

const read = (ids: string[]) => Promise.all(ids.map(async (id) => (await execution(sql, id)).status));

/** The claim of this execution's step, among others'. */
async function claimOneOf(id: string | undefined): Promise<Claim> {
  const found = (await claim(sql, 10)).find((one) => one.execution_id === id);
  if (!found) throw new Error(`no claim of ${id}`);
  return found;
}

async function startPrioritized({ id }: TestWorkflow, priority: number): Promise<string> {
  const [row] = await sql`select workflow.start(${id}::uuid, '{}', null, ${priority}) as id`;
  return row?.id;
}

describe('a start', () => {
  it('is admitted at once while its organisation is under its limit', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await limit(2);
    const ids = [await start(sql, workflow), await start(sql, workflow), await start(sql, workflow)];
    expect(await read(ids)).toEqual(['running', 'running', 'queued']);
  });

  it('lets what has waited longer go first', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await limit(1);
    const waited = [await start(sql, workflow), await start(sql, workflow)];
    await limit(2);
    const last = await start(sql, workflow);
    expect(await read([...waited, last])).toEqual(['running', 'running', 'queued']);
  });

  it('of another organisation does not wait behind a backlog', async () => {
    await limit(1);
    const crowded = await publish(sql, { steps: chain('one') });
    const ids = [await start(sql, crowded), await start(sql, crowded)];
    ids.push(await start(sql, await publish(sql, { steps: chain('one') })));
    expect(await read(ids)).toEqual(['running', 'queued', 'running']);
  });

  it('finds room that a waiting execution has left', async () => {
    await limit(1);
    const workflow = await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: '1h' }] });
    const waiting = await start(sql, workflow);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until }));
    expect(await read([waiting, await start(sql, workflow)])).toEqual(['waiting', 'running']);
  });
});

describe('the backlog', () => {
  it('moves up in the commit that ends an execution', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await limit(1);
    const ids = [await start(sql, workflow), await start(sql, workflow), await start(sql, workflow)];
    const claimed = await claimOne(sql);
    await other.begin(async (tx) => {
      await complete(tx, outcome(claimed));
      expect(await read(ids)).toEqual(['running', 'queued', 'queued']);
    });
    expect(await read(ids)).toEqual(['succeeded', 'running', 'queued']);
  });

  it('goes by priority, then by age', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await limit(1);
    await start(sql, workflow);
    const [low, first, second] = [
      await startPrioritized(workflow, -1),
      await startPrioritized(workflow, 5),
      await startPrioritized(workflow, 5),
    ];
    await limit(3);
    await sql`select workflow.sweep()`;
    expect(await read([low, first, second])).toEqual(['queued', 'running', 'running']);
  });

  it('starts three with a priority for each one without, whichever wait', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await limit(1);
    const blocking = await start(sql, workflow);
    const normal = await Promise.all([1, 2, 3].map(() => startPrioritized(workflow, 0)));
    const high = await Promise.all([1, 2, 3, 4, 5, 6].map(() => startPrioritized(workflow, 1)));
    const order: string[] = [];
    for (let claimed = await claimOne(sql); order.length < 8; claimed = await claimOne(sql)) {
      if (claimed.execution_id !== blocking)
        order.push(normal.includes(claimed.execution_id) ? 'normal' : 'high');
      await complete(sql, outcome(claimed));
    }
    expect(order.filter((kind) => kind === 'high')).toHaveLength(6);
    const turns = order.flatMap((kind, turn) => (kind === 'normal' ? [turn] : []));
    expect((turns[1] ?? 0) - (turns[0] ?? 0)).toBe(4);
    expect(high).toHaveLength(6);
  });

  it('of a workflow at its own limit steps aside for the others', async () => {
    const organization = randomUUID();
    const [limited, free] = [
      await publish(sql, { steps: chain('one') }, organization),
      await publish(sql, { steps: chain('one') }, organization),
    ];
    await sql`update public.workflows set settings = '{"maxConcurrent": 2}' where id = ${limited.id}`;
    const ids = [];
    for (let count = 0; count < 4; count += 1) ids.push(await start(sql, limited));
    const other = await start(sql, free);
    await sql`select workflow.admit()`;
    expect(await read([...ids, other])).toEqual(['running', 'running', 'queued', 'queued', 'running']);
    await complete(sql, outcome(await claimOneOf(ids[0])));
    expect(await read(ids)).toEqual(['succeeded', 'running', 'running', 'queued']);
  });

  it.each(['"five"', '0', '1.5', '-1', 'null'])(
    'cannot be held up by a maxConcurrent of %s',
    async (value) => {
      const { id } = await publish(sql, { steps: chain('one') });
      await expect(
        sql`update public.workflows set settings = ${`{"maxConcurrent": ${value}}`}::text::jsonb where id = ${id}`,
      ).rejects.toMatchObject({
        detail: 'invalid_settings',
        message: expect.stringContaining('maxConcurrent'),
      });
    },
  );

  it('is admitted by a chain that finds nothing to claim, when room was left without an end', async () => {
    await limit(1);
    const workflow = await publish(sql, { steps: [{ id: 'wait', type: 'delay', for: '1h' }] });
    const ids = [await start(sql, workflow), await start(sql, workflow)];
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until }));
    expect(await read(ids)).toEqual(['waiting', 'queued']);
    const [row] = await sql`select workflow.acquire_slot() as slot`;
    await sql`select workflow.hold_slot(${row?.slot.id}, ${row?.slot.token})`;
    expect(await read(ids)).toEqual(['waiting', 'running']);
    await sql`update workflow.slots set token = null, expires_at = '-infinity'`;
  });

  it('is admitted by one session at a time; another does not wait for it', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await limit(1);
    const ids = [await start(sql, workflow), await start(sql, workflow), await start(sql, workflow)];
    await limit(2);
    await other.begin(async (tx) => {
      const [first] = await tx`select workflow.admit() as admitted`;
      // It does not see what the first has admitted, and would admit the third beyond the limit.
      const [second] = await sql`select workflow.admit() as admitted`;
      expect([first?.admitted, second?.admitted]).toEqual([1, 0]);
    });
    expect(await read(ids)).toEqual(['running', 'running', 'queued']);
  });
});
