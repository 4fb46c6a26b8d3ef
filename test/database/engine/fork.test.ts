import { afterEach, describe, expect, it } from 'vitest';
import type { Claim } from '../../../functions/worker/claim.ts';
import {
  advance,
  chain,
  claim,
  complete,
  execution,
  failure,
  leftovers,
  loseLeases,
  outcome,
  publish,
  start,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();

afterEach(async () => {
  await database.sql`
    update public.workflow_executions set status = 'cancelled' where status in ('queued', 'running', 'waiting')`;
});

/** Reports outcomes and leaves all that follows to the queue. */
const leave = (sql: Parameters<typeof complete>[0], outcomes: Parameters<typeof complete>[1]) =>
  complete(sql, outcomes, 'queue');

/** Starts a workflow with these steps and claims its first step. */
async function begin(steps: object[], definition: object = {}) {
  const { sql } = database;
  const id = await start(sql, await publish(sql, { steps, ...definition }));
  const [first] = await claim(sql, 10);
  if (!first) throw new Error('no claim');
  return { sql, id, first };
}

/** Step runs in the order of their creation, as `path[iteration] status`. */
async function runs(id: string): Promise<string[]> {
  const rows = await database.sql`
    select path, iteration, type, status from public.workflow_execution_steps where execution_id = ${id} order by id`;
  return rows.map(({ path, iteration, type, status }) =>
    type === 'iteration' ? `${path}[${iteration}] ${status}` : `${path} ${status}`,
  );
}

const outputOf = async (id: string, path: string) => {
  const [row] = await database.sql`
    select output, error, status, handled from public.workflow_execution_steps where execution_id = ${id} and path = ${path}`;
  return row;
};

const loop = (fields: object = {}, steps: object[] = chain('body')) => ({
  id: 'each',
  type: 'loop',
  items: 'input.list',
  steps,
  ...fields,
});
const itemBody = [{ id: 'body', type: 'transform', output: { $: 'item' } }];
const overItems = (first: Claim, items: unknown[], fork: object = {}) =>
  outcome(first, { status: 'waiting', input: { items } as never, fork });

describe('a loop', () => {
  it('runs one iteration after the other, and collects their outputs in order', async () => {
    const { sql, id, first } = await begin([loop(), ...chain('after')]);
    expect(await leave(sql, overItems(first, ['a', 'b', 'c'], { concurrency: 1 }))).toEqual([]);
    for (const item of ['a', 'b', 'c']) {
      const claims = await claim(sql, 10);
      expect(claims.map(({ path }) => path)).toEqual(['body']);
      await leave(sql, outcome(claims[0] as Claim, { output: `${item}!` }));
    }
    expect((await outputOf(id, 'each'))?.output).toEqual({
      count: 3,
      succeeded: 3,
      failed: 0,
      items: ['a!', 'b!', 'c!'],
    });
    const [after] = await claim(sql, 10);
    expect(after?.path).toBe('after');
    await leave(sql, outcome(after as Claim));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 8 });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('runs as many iterations at a time as its concurrency, and opens the next when one ends', async () => {
    const { sql, id, first } = await begin([loop()]);
    await leave(sql, overItems(first, [1, 2, 3, 4, 5], { concurrency: 2 }));
    const claims = await claim(sql, 10);
    expect(claims).toHaveLength(2);
    await leave(sql, outcome(claims[1] as Claim));
    expect((await claim(sql, 10)).length).toBe(1);
    expect(await runs(id)).toContain('each.item[2] waiting');
    expect(await runs(id)).not.toContain('each.item[3] waiting');
  });

  it('tells its steps the current item and their place, also of the loops around', async () => {
    const inner = loop({ id: 'inner', as: 'child', items: 'item.children' }, [
      { id: 'leaf', type: 'transform', output: { $: '[item.name, child, loop.index]' } },
    ]);
    const { sql, first } = await begin([loop({}, [inner])]);
    await leave(sql, overItems(first, [{ name: 'a' }, { name: 'b' }], { concurrency: 2 }));
    const loops = await claim(sql, 10);
    expect(loops.map(({ items }) => items)).toEqual([
      [{ item: { name: 'a' }, index: 0 }],
      [{ item: { name: 'b' }, index: 1 }],
    ]);
    await leave(sql, overItems(loops[1] as Claim, ['x'], { concurrency: 1 }));
    const [leaf] = await claim(sql, 10);
    expect(leaf?.items).toEqual([
      { item: { name: 'b' }, index: 1 },
      { item: 'x', index: 0 },
    ]);
  });

  it('fails with the error of its first failed iteration, and cancels the others', async () => {
    const { sql, id, first } = await begin([loop(), ...chain('after')]);
    await leave(sql, overItems(first, [1, 2, 3], { concurrency: 2 }));
    const [one, two] = await claim(sql, 10);
    await leave(sql, failure(two as Claim, { code: 'bad_item' }));
    expect(await outputOf(id, 'each')).toMatchObject({ status: 'failed', error: { code: 'bad_item' } });
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'bad_item', step: 'each' },
    });
    expect(await runs(id)).toEqual([
      'each failed',
      'each.item[0] cancelled',
      'each.item[1] failed',
      'body cancelled',
      'body failed',
    ]);
    await expect(leave(sql, outcome(one as Claim))).rejects.toMatchObject({ detail: 'stale_claim' });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('with continueOnError goes on, and counts what failed', async () => {
    const { sql, id, first } = await begin([loop(), ...chain('after')]);
    await leave(sql, overItems(first, [1, 2, 3], { concurrency: 3, continue_on_error: true }));
    const claims = await claim(sql, 10);
    await leave(sql, [
      failure(claims[0] as Claim),
      outcome(claims[1] as Claim, { output: 'two' }),
      failure(claims[2] as Claim),
    ]);
    expect(await outputOf(id, 'each')).toMatchObject({
      status: 'succeeded',
      output: { count: 3, succeeded: 1, failed: 2, items: [null, 'two', null] },
    });
    expect((await claim(sql, 10)).map(({ path }) => path)).toEqual(['after']);
  });

  it('without collect holds the counts only', async () => {
    const { sql, id, first } = await begin([loop()]);
    await leave(sql, overItems(first, [1], { concurrency: 1, collect: false }));
    const [body] = await claim(sql, 10);
    await leave(sql, outcome(body as Claim, { output: 'large' }));
    expect((await outputOf(id, 'each'))?.output).toEqual({ count: 1, succeeded: 1, failed: 0 });
  });

  it('handles its error like any step: onError continue lets the workflow go on', async () => {
    const { sql, id, first } = await begin([loop({ onError: 'continue' }), ...chain('after')]);
    await leave(sql, overItems(first, [1], { concurrency: 1 }));
    const [body] = await claim(sql, 10);
    await leave(sql, failure(body as Claim));
    expect(await outputOf(id, 'each')).toMatchObject({ status: 'failed', handled: true });
    const [after] = await claim(sql, 10);
    expect(after?.path).toBe('after');
    await leave(sql, outcome(after as Claim));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
  });

  it('that takes longer than its timeout fails, and what runs inside is cancelled', async () => {
    const { sql, id, first } = await begin([loop({ timeout: '5m' })]);
    await leave(sql, overItems(first, [1, 2], { concurrency: 1 }));
    await advance(sql, '6 minutes');
    await sql`select workflow.sweep()`;
    expect(await outputOf(id, 'each')).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
    await advance(sql, '-6 minutes');
  });

  it('with more than 1 MB of collected outputs fails and says what to do', async () => {
    const { sql, id, first } = await begin([loop()]);
    await leave(sql, overItems(first, [1, 2], { concurrency: 2 }));
    const claims = await claim(sql, 10);
    await leave(
      sql,
      claims.map((one) => outcome(one, { output: 'x'.repeat(600_000) })),
    );
    expect((await outputOf(id, 'each'))?.error).toMatchObject({
      code: 'output_too_large',
      hint: expect.stringContaining('collect'),
    });
  });
});

describe('a worker', () => {
  it('goes on with the first iteration of the loop it has entered, and with the next when it ends one', async () => {
    const { sql, id, first } = await begin([loop({}, itemBody), ...chain('after')]);
    let claims = await complete(sql, overItems(first, ['a', 'b'], { concurrency: 1 }));
    expect(claims).toMatchObject([{ path: 'body', items: [{ item: 'a', index: 0 }] }]);
    expect(await claim(sql, 10)).toEqual([]);
    claims = await complete(sql, outcome(claims[0] as Claim));
    expect(claims).toMatchObject([{ path: 'body', items: [{ item: 'b', index: 1 }] }]);
    expect(await complete(sql, outcome(claims[0] as Claim))).toEqual([]);
    await complete(sql, outcome((await claim(sql, 10))[0] as Claim));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('takes as many new iterations as it has ended, and leaves the others to the queue', async () => {
    const { sql, first } = await begin([loop({}, itemBody)]);
    const [one] = await complete(sql, overItems(first, [1, 2, 3, 4, 5, 6], { concurrency: 3 }));
    const others = await claim(sql, 10);
    expect(others).toHaveLength(2);
    const next = await complete(sql, [outcome(one as Claim), outcome(others[0] as Claim)]);
    expect(next.map(({ items }) => items)).toEqual([[{ item: 4, index: 3 }], [{ item: 5, index: 4 }]]);
    expect(await claim(sql, 10)).toEqual([]);
  });

  it('that is lost with an iteration it went on with leaves it to another', async () => {
    const { sql, first } = await begin([loop()]);
    const [lost] = await complete(sql, overItems(first, [1], { concurrency: 1 }));
    await loseLeases(sql);
    expect(await claim(sql, 10)).toMatchObject([{ strand_id: lost?.strand_id, deliveries: 1 }]);
    await expect(complete(sql, outcome(lost as Claim))).rejects.toMatchObject({ detail: 'stale_claim' });
  });

  it('lets another organisation go first after five iterations', async () => {
    const { sql, first } = await begin([loop({}, chain('body'))]);
    const items = Array.from({ length: 20 }, (_, index) => index);
    let claims = await complete(sql, overItems(first, items, { concurrency: 1 }));
    const other = await start(sql, await publish(sql, { steps: chain('one') }));
    let steps = 1;
    for (; claims[0]; steps += 1) claims = await complete(sql, outcome(claims[0]));
    expect(steps).toBe(5);
    expect((await claim(sql, 1))[0]?.execution_id).toBe(other);
  });
});

describe('a parallel', () => {
  const parallel = (fields: object = {}) => ({
    id: 'both',
    type: 'parallel',
    branches: { left: chain('left1', 'left2'), right: chain('right1'), none: [] },
    ...fields,
  });
  const fork = (first: Claim, wait?: number) =>
    outcome(first, { status: 'waiting', fork: wait === undefined ? {} : { wait } });
  const named = (claims: Claim[], path: string) => claims.find((one) => one.path === path) as Claim;

  it('runs its branches at the same time and gives the output of each by its name', async () => {
    const { sql, id, first } = await begin([parallel(), ...chain('after')]);
    await leave(sql, fork(first));
    const claims = await claim(sql, 10);
    expect(claims.map(({ path }) => path).sort()).toEqual(['left1', 'right1']);
    await leave(sql, outcome(named(claims, 'right1'), { output: 'r' }));
    const [second] = await complete(sql, outcome(named(claims, 'left1')));
    expect(second?.path).toBe('left2');
    await leave(sql, outcome(second as Claim, { output: 'l' }));
    expect(await outputOf(id, 'both')).toMatchObject({
      status: 'succeeded',
      output: { left: 'l', right: 'r', none: null },
    });
    expect((await claim(sql, 10)).map(({ path }) => path)).toEqual(['after']);
  });

  it('that waits for any goes on with the first success, and cancels the losers', async () => {
    const { sql, id, first } = await begin([
      {
        id: 'both',
        type: 'parallel',
        wait: 'any',
        branches: { left: chain('left1'), right: chain('right1') },
      },
      ...chain('after'),
    ]);
    await leave(sql, fork(first, 1));
    const claims = await claim(sql, 10);
    await leave(sql, failure(named(claims, 'left1')));
    expect((await outputOf(id, 'both'))?.status).toBe('waiting');
    await leave(sql, outcome(named(claims, 'right1'), { output: 'won' }));
    expect(await outputOf(id, 'both')).toMatchObject({
      status: 'succeeded',
      output: { left: null, right: 'won' },
    });
  });

  it('fails once the successes it waits for are out of reach', async () => {
    const { sql, id, first } = await begin([
      {
        id: 'both',
        type: 'parallel',
        wait: { count: 2 },
        branches: { a: chain('a1'), b: chain('b1'), c: chain('c1') },
      },
    ]);
    await leave(sql, fork(first, 2));
    const claims = await claim(sql, 10);
    await leave(sql, failure(named(claims, 'a1')));
    expect((await outputOf(id, 'both'))?.status).toBe('waiting');
    await leave(sql, failure(named(claims, 'b1'), { code: 'second' }));
    expect(await outputOf(id, 'both')).toMatchObject({ status: 'failed', error: { code: 'second' } });
    expect(await outputOf(id, 'c1')).toMatchObject({ status: 'cancelled' });
    expect(await execution(sql, id)).toMatchObject({ status: 'failed' });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('whose branches have no steps succeeds at once', async () => {
    const { sql, id, first } = await begin([{ id: 'both', type: 'parallel', branches: { a: [], b: [] } }]);
    await leave(sql, fork(first));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', output: { a: null, b: null } });
  });

  it('inside a loop inside a parallel ends as the definition says, at any depth', async () => {
    const { sql, id, first } = await begin([
      {
        id: 'outer',
        type: 'parallel',
        branches: {
          left: [loop({}, [{ id: 'deep', type: 'parallel', branches: { x: chain('x1'), y: chain('y1') } }])],
          right: chain('right1'),
        },
      },
    ]);
    await leave(sql, fork(first));
    const claims = await claim(sql, 10);
    await leave(sql, overItems(named(claims, 'each'), [1, 2], { concurrency: 2 }));
    const deep = await claim(sql, 10);
    expect(deep.map(({ path }) => path)).toEqual(['deep', 'deep']);
    await leave(
      sql,
      deep.map((one) => fork(one)),
    );
    const leaves = await claim(sql, 10);
    expect(leaves).toHaveLength(4);
    await leave(
      sql,
      leaves.map((one) => outcome(one, { output: one.path })),
    );
    await leave(sql, outcome(named(claims, 'right1'), { output: 'r' }));
    expect(await execution(sql, id)).toMatchObject({
      status: 'succeeded',
      output: {
        left: {
          count: 2,
          items: [
            { x: 'x1', y: 'y1' },
            { x: 'x1', y: 'y1' },
          ],
        },
        right: 'r',
      },
    });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('leaves a branch that is inside a database action to its worker, whose outcome is refused', async () => {
    const { sql, id, first } = await begin([parallel({ onError: 'continue' }), ...chain('after')]);
    await leave(sql, fork(first));
    const claims = await claim(sql, 10);
    const held = named(claims, 'right1');
    let refused: unknown;
    await sql
      .begin(async (tx) => {
        await tx`select workflow.enter_step(${held.strand_id}, ${held.token})`;
        await leave(sql, failure(named(claims, 'left1')));
        expect(await outputOf(id, 'right1')).toMatchObject({ status: 'running' });
        await leave(tx, outcome(held));
      })
      .catch((error: unknown) => {
        refused = error;
      });
    expect(refused).toMatchObject({ detail: 'stale_claim' });
    await sql`select workflow.abandon_steps(array[${held.strand_id}]::uuid[])`;
    expect(await outputOf(id, 'right1')).toMatchObject({ status: 'cancelled' });
    const [after] = await claim(sql, 10);
    await leave(sql, outcome(after as Claim));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('is cancelled with its execution, branches and all', async () => {
    const { sql, id, first } = await begin([parallel()]);
    await leave(sql, fork(first));
    await claim(sql, 1);
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
    expect(new Set((await runs(id)).map((run) => run.split(' ')[1]))).toEqual(
      new Set(['cancelled', 'succeeded']),
    );
    expect(await leftovers(sql)).toMatchObject({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });
});
