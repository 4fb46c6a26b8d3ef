import { afterEach, describe, expect, it } from 'vitest';
import type { Claim } from '../../../functions/worker/claim.ts';
import {
  chain,
  claim,
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

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

const ids = (count: number) => Array.from({ length: count }, (_, place) => `s${place}`);

const startMany = ({ id }: TestWorkflow, count: number) => sql`
  insert into public.workflow_executions (workflow_id) select ${id}::uuid from generate_series(1, ${count}::int)`;

async function startOne(workflow: TestWorkflow): Promise<TestWorkflow> {
  await start(sql, workflow);
  return workflow;
}

/** Chains of invocations as eight slots make them: each goes on with its successor, or claims anew. */
class Chains {
  private held: (Claim | undefined)[] = Array.from({ length: 8 });
  stepsDone = 0;

  /** Each chain takes one step. @returns what was claimed from the queue */
  async round(): Promise<Claim[]> {
    const claimed: Claim[] = [];
    for (const [slot, held] of this.held.entries()) {
      let next = held && (await complete(sql, outcome(held)))[0];
      if (held) this.stepsDone += 1;
      if (!next) {
        next = (await claim(sql, 1))[0];
        if (next) claimed.push(next);
      }
      this.held[slot] = next;
    }
    return claimed;
  }

  /** Steps that are done before the first of an execution is claimed. */
  async stepsBefore(executionId: string): Promise<number> {
    const before = this.stepsDone;
    while (!(await this.round()).some((claimed) => claimed.execution_id === executionId)) {
      if (this.stepsDone - before > 2_000) throw new Error('It was never claimed.');
    }
    return this.stepsDone - before;
  }
}

describe('an organisation', () => {
  it.each([
    ['short executions', 3],
    ['long executions', 200],
  ])(
    'with 20,000 queued %s delays the first step of another by less than 100 steps',
    async (_, steps) => {
      const crowd = await publish(sql, { steps: chain(...ids(steps)) });
      const single = await publish(sql, { steps: chain('one') });
      await startMany(crowd, 20_000);
      const chains = new Chains();
      for (let round = 0; round < 10; round += 1) await chains.round();
      expect(await chains.stepsBefore(await start(sql, single))).toBeLessThan(100);
      expect(await chains.stepsBefore(await start(sql, single))).toBeLessThan(100);
    },
    60_000,
  );

  it('with a loop of 1,000 items, 100 at a time, delays the first step of another by less than 100 steps', async () => {
    const crowd = await publish(sql, {
      steps: [
        {
          id: 'each',
          type: 'loop',
          items: 'input.items',
          as: 'item',
          concurrency: 100,
          steps: chain('one', 'two'),
        },
      ],
    });
    const single = await publish(sql, { steps: chain('one') });
    await start(sql, crowd);
    const [container] = await claim(sql, 1);
    if (!container) throw new Error('no claim');
    const items = ids(1_000);
    await complete(
      sql,
      outcome(container, { status: 'waiting', input: { items }, fork: { concurrency: 100 } }),
    );
    expect(await new Chains().stepsBefore(await start(sql, single))).toBeLessThan(100);
  });

  it('with more than it should have ready still comes to its turn while others keep coming', async () => {
    const others: TestWorkflow[] = [];
    for (let count = 0; count < 40; count += 1) others.push(await publish(sql, { steps: chain('one') }));
    const crowd = await publish(sql, { steps: chain('one') });
    const waiting: string[] = [];
    for (let count = 0; count < 12; count += 1) waiting.push(await start(sql, crowd));
    const chains = new Chains();
    for (let round = 0; round < 25; round += 1) {
      for (const other of others.splice(0, 12)) others.push(await startOne(other));
      await chains.round();
    }
    const ended = await Promise.all(waiting.map(async (id) => (await execution(sql, id)).status));
    expect(ended.filter((status) => status !== 'succeeded')).toEqual([]);
  });
});

describe('a chain of invocations', () => {
  it('goes on with its execution while nobody else waits', async () => {
    await start(sql, await publish(sql, { steps: chain(...ids(20)) }));
    let [claimed] = await claim(sql, 1);
    for (let step = 0; step < 19; step += 1) [claimed] = await complete(sql, outcome(claimed as Claim));
    expect(claimed?.path).toBe('s19');
  });

  it('lets another organisation go first after five steps, and its execution goes on later', async () => {
    const id = await start(sql, await publish(sql, { steps: chain(...ids(20)) }));
    let [claimed] = await claim(sql, 1);
    const other = await start(sql, await publish(sql, { steps: chain('one') }));
    const paths = [];
    for (; claimed; [claimed] = await complete(sql, outcome(claimed))) paths.push(claimed.path);
    expect(paths).toEqual(['s0', 's1', 's2', 's3', 's4']);
    expect((await claim(sql, 1))[0]?.execution_id).toBe(other);
    expect((await claim(sql, 1))[0]).toMatchObject({ execution_id: id, path: 's5' });
  });
});
