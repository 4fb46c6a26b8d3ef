import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { awaitExecution } from '../../../shared/actions/awaits.ts';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import {
  advance,
  chain,
  claimOne,
  execution,
  start,
  statuses,
  type TestWorkflow,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { broken, call, pause, useSubWorkflows } from '../../support/sub-workflows.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

// The action runWorkflow with the worker's own code: what it starts, as whom, and how its step ends.

const database = await useEngineDatabase();
const use = useSubWorkflows(database);
const worker = useWorker(database);
const { sql } = database;
const { publish, started, drain, cancel, childrenOf, childOf, step, left } = use;

registerActionHandler(
  'test.whoAmI',
  async (_, { db }) => {
    const [row] = await db
      .selectNoFrom((eb) => eb.fn('current_setting', [eb.val('request.jwt.claim.sub')]).as('sub'))
      .execute();
    return row?.sub as string;
  },
  { kind: 'database' },
);
registerActionHandler('test.wait', () => awaitExecution(randomUUID()), { kind: 'database' });

describe('a step that runs another workflow', () => {
  it('waits for its end and takes its output', async () => {
    const { id } = await started([{ id: 'add', type: 'transform', output: { $: 'input.a + 1' } }], {
      input: { a: 1 },
    });
    const child = await childOf(id);
    const output = { executionId: child.id, status: 'succeeded', output: 2 };
    expect(await step(id)).toMatchObject({ status: 'succeeded', output });
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', output, steps_done: 1 });
    expect(await left()).toBe(0);
  });

  it('waits without a worker, a message or a place in the limit of its organisation', async () => {
    const { id } = await started([pause]);
    expect(await execution(sql, id)).toMatchObject({ status: 'waiting' });
    expect(await step(id)).toMatchObject({ status: 'waiting', input: { workflow: expect.any(String) } });
    const [strand] = await sql`select waiting, msg_id from workflow.strands where id = ${id}`;
    expect(strand).toEqual({ waiting: true, msg_id: null });
  });

  it('gets by with room for one: the place it gives up is that of the execution it waits for', async () => {
    await sql`update workflow.settings set max_in_flight = 1`;
    const { id } = await started(chain('one'), {}, {}, chain('after'));
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 2 });
  });

  it('goes on at once with the id alone when it does not wait', async () => {
    const { id } = await started([pause], { wait: false }, {}, chain('after'));
    const child = await childOf(id);
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded', steps_done: 2 });
    expect((await step(id))?.output).toEqual({ executionId: child.id });
    expect(child).toMatchObject({ status: 'waiting' });
  });

  it('links the execution to itself: parent_step_id, caused_by, depth, and who asked for it', async () => {
    const child = await publish([pause]);
    const parent = await publish([call(child.id, { priority: 7 })]);
    const requester = randomUUID();
    const [row] = await sql`
      insert into public.workflow_executions (workflow_id, created_by) values (${parent.id}, ${requester}) returning id`;
    await drain();
    expect(await childOf(row?.id)).toMatchObject({
      parent_step_id: (await step(row?.id))?.id,
      depth: 1,
      priority: 7,
      created_by: requester,
      trigger: { type: 'manual' },
    });
  });

  it('starts nothing when its outcome is refused: the two commit together', async () => {
    const parent = await publish([call((await publish(chain('one'))).id)]);
    const id = await start(sql, parent);
    const claimed = await claimOne(sql);
    await sql`update workflow.leases set expires_at = clock_timestamp() - interval '1 second'`;
    await worker.run([claimed]);
    expect(await childrenOf(id)).toHaveLength(0);
    await sql`select pgmq.set_vt('workflow', msg_id, 0) from workflow.leases`;
    await drain();
    expect(await childrenOf(id)).toHaveLength(1);
  });

  it('finds the workflow by its name', async () => {
    await publish(chain('one'), { name: 'The one' });
    const id = await start(sql, await publish([call('The one')]));
    await drain();
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('the workflow that a step names', () => {
  const errorOf = async (workflow: TestWorkflow) => {
    const id = await start(sql, workflow);
    await drain();
    expect(await childrenOf(id)).toHaveLength(0);
    return (await execution(sql, id)).error;
  };

  it.each([
    ['nowhere', 'workflow_not_found'],
    [randomUUID(), 'workflow_not_found'],
  ])('%s, which does not exist, is refused with a hint', async (name, code) => {
    expect(await errorOf(await publish([call(name)]))).toMatchObject({
      code,
      hint: expect.any(String),
      path: 'params.workflow',
    });
  });

  it('is refused where several have the name', async () => {
    await publish(chain('one'), { name: 'Twin' });
    await publish(chain('one'), { name: 'Twin' });
    expect(await errorOf(await publish([call('Twin')]))).toMatchObject({ code: 'workflow_ambiguous' });
  });

  it('is refused as long as it is archived', async () => {
    const child = await publish(chain('one'));
    await sql`update public.workflows set status = 'archived' where id = ${child.id}`;
    expect(await errorOf(await publish([call(child.id)]))).toMatchObject({ code: 'workflow_not_active' });
  });

  it.each([true, false])(
    'is not found in another organisation, whoever runs it (by id: %s)',
    async (byId) => {
      const foreign = await publish(chain('one'), { name: 'Foreign' }, randomUUID());
      const parent = await publish([call(byId ? foreign.id : 'Foreign')]);
      const user = await runAsMember(sql, parent);
      await sql`insert into public.organizations (id, name) values (${foreign.organizationId}, 'Foreign')`;
      await sql`insert into public.organization_members (organization_id, user_id, role)
        values (${foreign.organizationId}, ${user}, 'owner')`;
      expect(await errorOf(parent)).toMatchObject({ code: 'workflow_not_found' });
    },
  );

  it('is not found by a user who is below its min_role', async () => {
    const child = await publish(chain('one'));
    const parent = await publish([call(child.id)]);
    await runAsMember(sql, parent);
    await sql`update public.workflows set min_role = 'admin' where id = ${child.id}`;
    expect(await errorOf(parent)).toMatchObject({ code: 'workflow_not_found' });
  });

  it('is not started by a user who may not start workflows', async () => {
    const parent = await publish([call((await publish(chain('one'))).id)]);
    const user = await runAsMember(sql, parent);
    await sql`update public.organization_members set role = 'viewer' where user_id = ${user}`;
    expect(await errorOf(parent)).toMatchObject({ code: 'not_allowed' });
  });

  it('runs as who published it, and not as who published the workflow that runs it', async () => {
    const child = await publish([{ id: 'who', type: 'action', action: 'test.whoAmI' }]);
    const parent = await publish([call(child.id)]);
    const [publisher, caller] = [await runAsMember(sql, child), await runAsMember(sql, parent)];
    const id = await start(sql, parent);
    await drain();
    expect(caller).not.toBe(publisher);
    expect((await step(id))?.output).toMatchObject({ output: publisher });
  });

  it('may not be too deep in a chain of workflows that start each other', async () => {
    await sql`update workflow.settings set max_depth = 2`;
    const self = await publish([call('Endless')], { name: 'Endless' });
    await start(sql, self);
    await drain();
    const chained =
      await sql`select depth, status, error ->> 'code' as code from public.workflow_executions order by depth`;
    expect(chained).toEqual([
      { depth: 0, status: 'failed', code: 'child_failed' },
      { depth: 1, status: 'failed', code: 'child_failed' },
      { depth: 2, status: 'failed', code: 'depth_exceeded' },
    ]);
    expect(await left()).toBe(0);
  });
});

describe('an awaited execution that fails', () => {
  it('fails the step with its error', async () => {
    use.failures = 1;
    const { id } = await started([broken]);
    const child = await childOf(id);
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: {
        code: 'child_failed',
        step: 'call',
        message: expect.stringContaining('It broke.'),
        hint: expect.stringContaining(child.id),
        details: {
          executionId: child.id,
          status: 'failed',
          error: { code: 'handler_error', step: 'broken' },
        },
      },
    });
    expect(await left()).toBe(0);
  });

  it('is handled by onError like any error', async () => {
    use.failures = 1;
    const { id } = await started([broken], {}, { onError: chain('caught') }, chain('after'));
    expect(await statuses(sql, id)).toEqual({ call: 'failed', caught: 'succeeded', after: 'succeeded' });
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
  });

  it('is started anew by the next attempt', async () => {
    use.failures = 1;
    const { id } = await started([broken], {}, { retry: { attempts: 2, delay: '1m', backoff: 'fixed' } });
    expect(await step(id)).toMatchObject({ status: 'waiting', error: { code: 'child_failed' } });
    await advance(sql, '1 minute');
    await drain();
    expect((await childrenOf(id)).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
    expect(await step(id)).toMatchObject({ status: 'succeeded', attempt: 2, error: null });
    expect(await left()).toBe(0);
  });

  it('is not tried again under a key, which would find it again', async () => {
    use.failures = 1;
    const { id } = await started([broken], { idempotencyKey: 'k' }, { retry: { attempts: 2, delay: '1m' } });
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'child_failed', retryable: false },
    });
  });
});

describe('an idempotency key', () => {
  it('starts one execution, for which several steps wait', async () => {
    const child = await publish([pause]);
    const parent = await publish([call(child.id, { idempotencyKey: 'order 7' })]);
    const ids = [await start(sql, parent), await start(sql, parent)];
    await drain();
    expect(await sql`select from public.workflow_executions where workflow_id = ${child.id}`).toHaveLength(1);
    await advance(sql, '1 hour');
    await drain();
    for (const id of ids) expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
  });

  it('finds an execution that has ended already', async () => {
    const { id, parent } = await started(chain('one'), { idempotencyKey: 'order 7' });
    const later = await start(sql, parent);
    await drain();
    expect((await execution(sql, later)).output).toEqual((await execution(sql, id)).output);
  });

  it('of an execution that is not the step’s own does not let the step cancel it', async () => {
    const child = await publish([pause]);
    const parent = await publish([call(child.id, { idempotencyKey: 'order 7' })]);
    const first = await start(sql, parent);
    await drain();
    const second = await start(sql, parent);
    await drain();
    await cancel(second);
    await drain();
    expect(await childOf(first)).toMatchObject({ status: 'waiting' });
    await advance(sql, '1 hour');
    await drain();
    expect(await execution(sql, first)).toMatchObject({ status: 'succeeded' });
    expect(await left()).toBe(0);
  });

  it('by which two executions would wait for each other is refused', async () => {
    const ring = (name: string, other: string) => publish([call(other, { idempotencyKey: other })], { name });
    const one = await ring('One', 'Two');
    await ring('Two', 'One');
    const [row] = await sql`select workflow.start(${one.id}::uuid, '{}', 'One') as id`;
    await drain();
    expect(await execution(sql, row?.id)).toMatchObject({
      status: 'failed',
      error: { code: 'child_failed', details: { error: { code: 'circular_wait' } } },
    });
    expect(await left()).toBe(0);
  });
});

it('an action that does not say that it waits cannot wait', async () => {
  const id = await start(sql, await publish([{ id: 'call', type: 'action', action: 'test.wait' }]));
  await drain();
  expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'invalid_result' } });
});
