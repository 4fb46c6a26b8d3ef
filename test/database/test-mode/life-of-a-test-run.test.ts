import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { chain, execution, publish, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { insertTest, playTest } from '../../support/test-runs.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

// How a test run begins, how it ends, and what becomes of it when its worker is lost.

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;

let entered = () => {};
registerActionHandler(
  'test.hang',
  (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      entered();
    }),
  { kind: 'pure' },
);

const hang = { id: 'hang', type: 'action', action: 'test.hang', params: {} };

interface Held {
  execution_id: string;
  token: string;
}

const claimTest = async () =>
  (await sql<{ held: Held | null }[]>`select workflow.claim_test() as held`)[0]?.held;
const finish = ({ execution_id, token }: Held) =>
  sql`select workflow.finish_test(${execution_id}, ${token}, '{"status": "succeeded", "steps": []}')`;
const loseWorkers = () =>
  sql`update workflow.test_runs set expires_at = clock_timestamp() - interval '1 second'`;
const sweep = async () =>
  (await sql<{ waiting: number }[]>`select workflow.sweep_tests() as waiting`)[0]?.waiting;
const calls = async () =>
  (await sql`delete from net.http_request_queue returning convert_from(body, 'UTF8') as body`).map(
    ({ body }) => body,
  );

beforeAll(async () => {
  await sql`select vault.create_secret('http://127.0.0.1:1', 'project_url'), vault.create_secret('key', 'secret_key')`;
});

afterEach(async () => {
  await sql`truncate workflow.test_runs, public.workflow_executions cascade`;
  await sql`update workflow.settings set max_test_time = default, max_in_flight = default`;
  await sql`select pgmq.purge_queue('workflow')`;
  await calls();
});

describe('a test run', () => {
  it('runs from its insert on, without admission, and calls a worker for itself alone', async () => {
    await sql`update workflow.settings set max_in_flight = 1`;
    const workflow = await publish(sql, { steps: chain('one') });
    await sql`select workflow.start(${workflow.id}::uuid)`;
    await calls();
    const id = await insertTest(sql, workflow);
    expect(await execution(sql, id)).toMatchObject({ status: 'running', mode: 'test', steps_done: 0 });
    expect(await calls()).toEqual(['{"test": true}']);
    expect(await sql`select from workflow.strands where execution_id = ${id}`).toHaveLength(0);
  });

  it('tells of its start and of its end, and leaves nothing but its rows', async () => {
    await sql`delete from realtime.messages`;
    const { id, status } = await playTest(sql, worker, await publish(sql, { steps: chain('one', 'two') }));
    expect(status).toBe('succeeded');
    expect(await statuses(sql, id)).toEqual({ one: 'succeeded', two: 'succeeded' });
    const sent =
      await sql`select payload from realtime.messages where topic = ${`workflow:execution:${id}`} order by inserted_at`;
    expect(sent.map(({ payload }) => [payload.execution.status, payload.revision, payload.steps])).toEqual([
      ['running', 1, []],
      // One more than the next: whoever watches reads the rows.
      ['succeeded', 3, []],
    ]);
    expect(await execution(sql, id)).toMatchObject({ revision: 3, steps_done: 2, output: 'two' });
    expect(await sql`select from workflow.test_runs`).toHaveLength(0);
  });

  it('that takes too long ends with test_too_long, and shows how far it came', async () => {
    await sql`update workflow.settings set max_test_time = '400 milliseconds'`;
    const steps = [...chain('one'), { ...hang, onError: 'continue' }, ...chain('never')];
    const run = await playTest(sql, worker, await publish(sql, { steps }));
    expect(run).toMatchObject({ status: 'failed', error: { code: 'test_too_long' }, output: null });
    expect(run.steps.map(({ path, status }) => [path, status])).toEqual([
      ['one', 'succeeded'],
      ['hang', 'failed'],
      ['never', 'cancelled'],
    ]);
  });

  it('whose last step is cut short failed for want of time', async () => {
    await sql`update workflow.settings set max_test_time = '400 milliseconds'`;
    const run = await playTest(sql, worker, await publish(sql, { steps: [hang] }));
    expect(run).toMatchObject({ error: { code: 'test_too_long' }, steps: [{ error: { code: 'timeout' } }] });
  });

  it('is cancelled while it runs: nobody waits for it, its step is told, nothing of it is written', async () => {
    const id = await insertTest(sql, await publish(sql, { steps: [...chain('one'), hang] }));
    const hanging = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const playing = worker.playTests();
    await hanging;
    await sql.begin(async (tx) => {
      await tx`set local lock_timeout = '1s'`;
      await tx`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
    });
    await playing;
    expect(await execution(sql, id)).toMatchObject({ status: 'cancelled', error: null, output: null });
    expect(await statuses(sql, id)).toEqual({});
    expect(await sql`select from workflow.test_runs`).toHaveLength(0);
  });

  it('holds nothing that live executions need, though its writes start workflows', async () => {
    const add = {
      id: 'add',
      type: 'action',
      action: 'createEntity',
      params: { entity: 'leads', values: { name: 'Ada' } },
    };
    const ask = { id: 'ask', type: 'approval', approvers: ['role:owner'], title: 'Go on?' };
    const tested = await publish(sql, { steps: [add, ask, hang] });
    await runAsMember(sql, tested);
    const started = { trigger: { type: 'event', table: 'leads', events: ['insert'] }, steps: chain('one') };
    const live = await publish(sql, started, tested.organizationId);
    await sql`update workflow.settings set max_in_flight = 1`;
    for (const _ of [1, 2]) await sql`select workflow.start(${live.id}::uuid)`;
    const id = await insertTest(sql, tested, { test: { approvals: { ask: 'approved' } } });
    await sql`update workflow.settings set max_in_flight = default`;
    const hanging = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const playing = worker.playTests();
    await hanging;
    const [free] = await sql`select pg_try_advisory_xact_lock(workflow.gate()) as gate,
      array(select e.status from public.workflow_executions e where e.mode = 'live' order by e.id) as executions`;
    expect(free).toEqual({ gate: true, executions: ['running', 'queued'] });
    await sql`select from public.workflow_executions where mode = 'live' for update nowait`;
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
    await playing;
  });

  it('that is cancelled before it begins is not played', async () => {
    const id = await insertTest(sql, await publish(sql, { steps: chain('one') }));
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
    expect(await claimTest()).toBeNull();
    expect(await sweep()).toBe(0);
    expect(await sql`select from workflow.test_runs`).toHaveLength(0);
  });

  it('whose start fails in its transaction ends with that error', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    const id = await insertTest(sql, workflow);
    await sql`create function public.refuse_strand() returns trigger language plpgsql as
      'begin raise exception ''no'' using detail = ''not_today'', errcode = ''P0001''; end'`;
    await sql`create trigger refuse before insert on workflow.strands for each row execute function public.refuse_strand()`;
    await worker.playTests();
    await sql`drop trigger refuse on workflow.strands`;
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'not_today' } });
  });
});

describe('the worker of a test run', () => {
  it('has it for itself, and others wait while there are as many as may run', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(await insertTest(sql, workflow));
    const held = [await claimTest(), await claimTest(), await claimTest()];
    expect(held.map((one) => one?.execution_id)).toEqual([ids[0], ids[1], undefined]);
  });

  it('that is lost is replaced by another', async () => {
    const id = await insertTest(sql, await publish(sql, { steps: chain('one') }));
    const lost = await claimTest();
    await calls();
    expect(await sweep()).toBe(0);
    await loseWorkers();
    expect(await sweep()).toBe(1);
    expect(await calls()).toEqual(['{"test": true}']);
    const next = await claimTest();
    await finish(lost as Held);
    expect(await execution(sql, id)).toMatchObject({ status: 'running' });
    await finish(next as Held);
    expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
  });

  it('is not replaced for ever', async () => {
    const id = await insertTest(sql, await publish(sql, { steps: chain('one') }));
    for (let n = 0; n < 5; n += 1) {
      expect((await claimTest())?.execution_id).toBe(id);
      await loseWorkers();
    }
    expect(await claimTest()).toBeNull();
    expect(await sweep()).toBe(0);
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'worker_lost' } });
  });

  it('is called by the sweep when its call was lost', async () => {
    await insertTest(sql, await publish(sql, { steps: chain('one') }));
    await calls();
    const [swept] = await sql`select workflow.sweep() as report`;
    expect(swept?.report).toMatchObject({ tests: 1 });
    expect(await calls()).toEqual(['{"test": true}']);
  });

  it('plays one after the other where it cannot hand over', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    const ids = [await insertTest(sql, workflow), await insertTest(sql, workflow)];
    await worker.playTests();
    for (const id of ids) expect(await execution(sql, id)).toMatchObject({ status: 'succeeded' });
  });
});
