import { describe, expect, it } from 'vitest';
import {
  chain,
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

describe('completing steps', () => {
  it('leases the successor in the same call, and ends the execution after the last step', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    const id = await start(sql, workflow);
    const first = await claimOne(sql);
    expect(first.path).toBe('one');
    const [second] = await complete(sql, outcome(first, { output: 1 }));
    expect(second?.path).toBe('two');
    expect(await statuses(sql, id)).toEqual({ one: 'succeeded', two: 'running' });
    expect(second && (await complete(sql, outcome(second, { output: { done: true } })))).toEqual([]);
    expect(await execution(sql, id)).toMatchObject({
      status: 'succeeded',
      output: { done: true },
      steps_done: 2,
    });
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('queues the successor when the caller does not take it', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    const id = await start(sql, workflow);
    expect(await complete(sql, outcome(await claimOne(sql)), 'queue')).toEqual([]);
    expect(await statuses(sql, id)).toEqual({ one: 'succeeded', two: 'queued' });
    await complete(sql, outcome(await claimOne(sql)));
    expect((await execution(sql, id)).status).toBe('succeeded');
  });

  it('gives a step the outcomes it reads, and no others', async () => {
    const { sql } = database;
    const workflow = await publish(sql, {
      steps: [
        ...chain('one', 'two'),
        { id: 'three', type: 'transform', output: { $: 'steps.one.output.n + 1' } },
      ],
    });
    await start(sql, workflow, { secret: 'not read' });
    const [second] = await complete(sql, outcome(await claimOne(sql), { output: { n: 41 } }));
    expect(second?.steps).toEqual({});
    const [third] = await complete(sql, outcome(second as never, { output: 'unread' }));
    expect(third?.steps).toEqual({ one: { status: 'succeeded', output: { n: 41 }, error: null } });
    expect(third?.input).toBeNull();
    await complete(sql, outcome(third as never));
  });

  it.each([
    ['then', { decide: 'succeeded', yes: 'succeeded', after: 'running' }],
    ['else', { decide: 'succeeded', no: 'succeeded', after: 'running' }],
  ])('goes into branch %s of a condition, which waits for it', async (branch, end) => {
    const { sql } = database;
    const workflow = await publish(sql, {
      steps: [
        { id: 'decide', type: 'condition', if: 'true', then: chain('yes'), else: chain('no') },
        ...chain('after'),
      ],
    });
    const id = await start(sql, workflow);
    const [inside] = await complete(sql, outcome(await claimOne(sql), { branch, output: { branch } }));
    expect((await statuses(sql, id)).decide).toBe('waiting');
    const [after] = await complete(sql, outcome(inside as never));
    expect(await statuses(sql, id)).toEqual(end);
    await complete(sql, outcome(after as never));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 3 });
  });

  it('ends a condition at once when its branch is empty', async () => {
    const { sql } = database;
    const workflow = await publish(sql, {
      steps: [{ id: 'decide', type: 'condition', if: 'true', then: chain('yes') }],
    });
    const id = await start(sql, workflow);
    await complete(sql, outcome(await claimOne(sql), { branch: 'else', output: { result: false } }));
    expect(await statuses(sql, id)).toEqual({ decide: 'succeeded' });
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', output: { result: false } });
  });

  it('closes all conditions that end together, innermost first', async () => {
    const { sql } = database;
    const workflow = await publish(sql, {
      steps: [
        {
          id: 'outer',
          type: 'condition',
          if: 'true',
          then: [{ id: 'inner', type: 'condition', if: 'true', then: chain('leaf') }],
        },
      ],
    });
    const id = await start(sql, workflow);
    const [inner] = await complete(sql, outcome(await claimOne(sql), { branch: 'then', output: 'outer' }));
    const [leaf] = await complete(sql, outcome(inner as never, { branch: 'then' }));
    await complete(sql, outcome(leaf as never));
    expect(await statuses(sql, id)).toEqual({ outer: 'succeeded', inner: 'succeeded', leaf: 'succeeded' });
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', output: 'outer', steps_done: 3 });
  });

  it('goes on past a skipped step', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    const id = await start(sql, workflow);
    const [second] = await complete(sql, outcome(await claimOne(sql), { status: 'skipped' }));
    expect(second?.path).toBe('two');
    expect((await statuses(sql, id)).one).toBe('skipped');
    await complete(sql, outcome(second as never));
  });

  it('completes a set of outcomes of several executions in one call', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    for (let i = 0; i < 5; i++) await start(sql, workflow);
    const [row] = await sql`select workflow.claim_steps(10) as claims`;
    const seconds = await complete(
      sql,
      row?.claims.map((claimed: never) => outcome(claimed)),
    );
    expect(seconds.map(({ path }) => path)).toEqual(Array(5).fill('two'));
    expect(
      await complete(
        sql,
        seconds.map((claimed) => outcome(claimed)),
      ),
    ).toEqual([]);
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('grows the revision with every transaction and sends it in every message', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    const id = await start(sql, workflow);
    const [second] = await complete(sql, outcome(await claimOne(sql)));
    await complete(sql, outcome(second as never));
    const messages = await sql<{ revision: number }[]>`
      select (payload ->> 'revision')::int as revision from realtime.messages
      where topic = ${`workflow:execution:${id}`} order by inserted_at, id`;
    expect(messages.map(({ revision }) => revision).sort()).toEqual([1, 2, 3, 4]);
    expect((await execution(sql, id)).revision).toBe(4);
  });
});
