import type { Sql, TransactionSql } from 'postgres';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

// An execution and the one it waits for, ended by sessions in each other's way.

const database = await useEngineDatabase();
const [one, two, three] = [database.connect(), database.connect(), database.connect()] as [Sql, Sql, Sql];
const { sql } = database;
const rounds = 60;
let child: TestWorkflow;
let parent: TestWorkflow;

beforeAll(async () => {
  await sql`update workflow.settings set broadcast = 'none'`;
  child = await publish(sql, { steps: chain('one') });
  const call = { id: 'call', type: 'action', action: 'runWorkflow', params: { workflow: child.id } };
  parent = await publish(sql, { steps: [call, ...chain('after')] }, child.organizationId);
});
beforeEach(async () => {
  await sql`truncate public.workflow_executions, workflow.ended_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

/** An execution that waits for another, whose only step is claimed. */
async function waiting() {
  const id = await start(sql, parent);
  const calling = await claimOne(sql);
  const [started] = await sql`
    insert into public.workflow_executions (workflow_id, parent_step_id, caused_by, depth)
    values (${child.id}, ${calling.step_run_id}, ${id}, 1) returning id`;
  await complete(sql, outcome(calling, { status: 'waiting', awaits: started?.id }));
  return { id, childId: started?.id as string, claimed: await claimOne(sql) };
}

const cancel = (on: Sql | TransactionSql, id: string) =>
  on`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
const statusOf = async (id: string) => (await execution(sql, id)).status as string;
async function left() {
  const [row] = await sql`
    select (select count(*)::int from workflow.strands) + (select count(*)::int from workflow.leases)
      + (select count(*)::int from workflow.timers) + (select count(*)::int from (select from pgmq.q_workflow union all select from pgmq.q_workflow_bulk) m)
      + (select count(*)::int from workflow.awaited_executions)
      + (select count(*)::int from workflow.ended_executions) as count`;
  return row?.count;
}

describe('an execution and the one that waits for it', () => {
  it('end without waiting for each other: the parent is cancelled while the end of the child is not committed', async () => {
    const { id, childId, claimed } = await waiting();
    await one.begin(async (tx) => {
      await complete(tx, outcome(claimed));
      await cancel(two, id);
    });
    expect(await claim(sql)).toEqual([]);
    expect([await statusOf(id), await statusOf(childId)]).toEqual(['cancelled', 'succeeded']);
    expect(await left()).toBe(0);
  });

  it('end without waiting for each other: the child ends while the parent’s cancel is not committed', async () => {
    const { id, childId, claimed } = await waiting();
    await one.begin(async (tx) => {
      await cancel(tx, id);
      await complete(two, outcome(claimed));
      // The parent is locked: nobody waits for it, the word stays.
      expect(await claim(three)).toEqual([]);
      expect(await sql`select from workflow.ended_executions`).toHaveLength(1);
    });
    expect(await claim(sql)).toEqual([]);
    expect([await statusOf(id), await statusOf(childId)]).toEqual(['cancelled', 'succeeded']);
    expect(await left()).toBe(0);
  });

  it('the word of the end waits until whoever holds the parent lets go of it', async () => {
    const { id, claimed } = await waiting();
    await complete(sql, outcome(claimed));
    await one.begin(async (tx) => {
      await tx`select from public.workflow_executions where id = ${id} for update`;
      expect(await claim(two)).toEqual([]);
      await three`select workflow.sweep()`;
      expect(await sql`select workflow.has_ready_work() as ready`).toEqual([{ ready: true }]);
    });
    expect((await claim(two)).map(({ path }) => path)).toEqual(['after']);
  });

  it('what nobody waits for any more is cancelled once whoever holds it lets go of it', async () => {
    const { id, childId } = await waiting();
    await one.begin(async (tx) => {
      await tx`select from public.workflow_executions where id = ${childId} for update`;
      await cancel(two, id);
      expect(await claim(three)).toEqual([]);
      expect(await statusOf(childId)).toBe('running');
    });
    expect(await claim(three)).toEqual([]);
    expect(await statusOf(childId)).toBe('cancelled');
    expect(await left()).toBe(0);
  });

  it('is told once when two sessions settle at the same time', async () => {
    const { id, claimed } = await waiting();
    await complete(sql, outcome(claimed));
    const told = await Promise.all(
      [one, two, three].map((session) => session`select workflow.settle_awaited() as count`),
    );
    expect(told.flat().reduce((sum, { count }) => sum + count, 0)).toBe(1);
    expect(await execution(sql, id)).toMatchObject({ status: 'running', steps_done: 1 });
  });

  it(`cancel against completion against sweep: no deadlock and nothing left in ${rounds} rounds`, {
    timeout: 60_000,
  }, async () => {
    const ends = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const { id, childId, claimed } = await waiting();
      const settled = await Promise.allSettled([
        cancel(one, round % 3 === 0 ? childId : id),
        complete(two, outcome(claimed), 'queue'),
        three`select workflow.sweep()`,
      ]);
      const errors = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(errors.filter(({ detail }) => detail !== 'stale_claim')).toEqual([]);
      await cancel(one, id);
      await one`select workflow.sweep()`;
      ends.add(`${await statusOf(id)} ${await statusOf(childId)}`);
    }
    expect([...ends].every((end) => /^(cancelled|failed) (succeeded|cancelled)$/.test(end))).toBe(true);
    await sql`select workflow.sweep()`;
    expect(await left()).toBe(0);
  });
});
