import { afterEach, describe, expect, it } from 'vitest';
import {
  chain,
  claim,
  claimOne,
  complete,
  execution,
  failure,
  leftovers,
  outcome,
  publish,
  start,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const { sql } = database;

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

const steps = [
  ...chain('one'),
  { id: 'check', type: 'condition', if: 'true', then: chain('inside') },
  { id: 'two', type: 'transform', output: { $: '[steps.one.output, steps.inside.output]' } },
  ...chain('three'),
];

/** An execution that has failed at step `two`. */
async function failed() {
  const workflow = await publish(sql, { steps });
  const id = await start(sql, workflow, { name: 'Ada' });
  await complete(sql, outcome(await claimOne(sql), { output: 1 }), 'queue');
  await complete(sql, outcome(await claimOne(sql), { branch: 'then' }), 'queue');
  await complete(sql, outcome(await claimOne(sql), { output: 2 }), 'queue');
  await complete(sql, failure(await claimOne(sql)));
  return { workflow, id };
}

async function retry(id: string, from?: string, input: object = {}): Promise<string> {
  const [row] = await sql`select workflow.retry(${id}, ${from ?? null}, ${sql.json(input as never)}) as id`;
  return row?.id;
}

describe('a retry', () => {
  it('from the failed step keeps what succeeded before it, insides of conditions too', async () => {
    const { id } = await failed();
    const again = await retry(id, '@failed');
    const claimed = await claimOne(sql);
    expect(claimed).toMatchObject({
      path: 'two',
      steps: { one: { output: 1 }, inside: { output: 2 } },
    });
    const [three] = await complete(sql, outcome(claimed));
    if (three) await complete(sql, outcome(three));
    expect(await execution(sql, again)).toMatchObject({
      status: 'succeeded',
      retry_of: id,
      retry_from: 'two',
      input: { name: 'Ada' },
      steps_done: 5,
    });
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });

  it('from the start repeats everything, with another input if one is given', async () => {
    const { id } = await failed();
    const again = await retry(id, undefined, { name: 'Bob' });
    expect((await claimOne(sql)).path).toBe('one');
    expect(await execution(sql, again)).toMatchObject({
      retry_of: id,
      input: { name: 'Bob' },
      steps_done: 0,
    });
  });

  it('begins with any top-level step, on the active version', async () => {
    const { id, workflow } = await failed();
    const [version] = await sql`
      insert into public.workflow_versions (workflow_id, version, definition, plan)
      select workflow_id, 2, definition, plan from public.workflow_versions where workflow_id = ${workflow.id}
      returning version`;
    const again = await retry(id, 'check');
    expect((await claimOne(sql)).path).toBe('check');
    expect((await execution(sql, again)).workflow_version).toBe(version?.version);
    const [same] = await sql`select workflow.retry(${id}, 'check', '{}', 'same') as id`;
    expect((await execution(sql, same?.id)).workflow_version).toBe(1);
  });

  it.each([
    ['three', 'retry_gap', 'two'],
    ['inside', 'unknown_step', 'one, check, two, three'],
  ])('from step %s is refused with %s, and says where to begin', async (from, code, hint) => {
    const { id } = await failed();
    await expect(retry(id, from)).rejects.toMatchObject({
      detail: code,
      hint: expect.stringContaining(hint),
    });
  });

  it('ends also on a hand-made plan whose steps lead round in a circle', async () => {
    const { id, workflow } = await failed();
    await sql`update workflow.plan_steps set next = 'one' where workflow_id = ${workflow.id} and path = 'three'`;
    await retry(id, '@failed');
    expect((await claimOne(sql)).path).toBe('two');
  });

  it('of an execution that still runs is refused', async () => {
    const id = await start(sql, await publish(sql, { steps }));
    await expect(retry(id)).rejects.toMatchObject({ detail: 'execution_not_ended' });
  });

  it('of what has not failed needs a step to begin with', async () => {
    const id = await start(sql, await publish(sql, { steps: chain('one') }));
    await complete(sql, outcome(await claimOne(sql)));
    await expect(retry(id, '@failed')).rejects.toMatchObject({ detail: 'nothing_failed' });
    await retry(id, 'one');
    expect(await claim(sql, 10)).toHaveLength(1);
  });
});
