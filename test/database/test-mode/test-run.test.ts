import { beforeAll, describe, expect, it, vi } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { chain, publish } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { insertTest, playTest } from '../../support/test-runs.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

// What a person sees of a test run: mocks, answers, time that passes, and how it may end.

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;

registerActionHandler('test.outside', async () => 'from the outside');
registerActionHandler(
  'test.addLead',
  async (params, { db, organizationId }) => {
    const { name } = params as { name: string };
    await db.insertInto('public.leads').values({ organization_id: organizationId, name }).execute();
    return name;
  },
  { kind: 'database' },
);

const act = (id: string, action: string, params: object = {}, rest: object = {}) => ({
  id,
  type: 'action',
  action,
  params,
  ...rest,
});
const get = (id: string, url: string, rest: object = {}) => ({ id, type: 'http', url, ...rest });
const now = (id: string) => ({ id, type: 'transform', output: { $: 'now' } });
const ask = (id: string, rest: object = {}) => ({
  id,
  type: 'approval',
  approvers: ['role:owner'],
  title: 'Go on?',
  timeout: '7d',
  ...rest,
});

const play = async (definition: Record<string, unknown>, test: object = {}, input: object = {}) =>
  playTest(sql, worker, await publish(sql, definition), { test, input });

beforeAll(() => vi.stubEnv('WORKFLOW_HTTP_ALLOW', 'api.test'));

describe('a mock', () => {
  it('is the output of a step that would call the outside', async () => {
    const { outputs } = await play(
      {
        steps: [
          act('call', 'test.outside'),
          { id: 'after', type: 'transform', output: { $: 'steps.call.output.id' } },
        ],
      },
      { mocks: { call: { output: { id: 7 } } } },
    );
    expect(outputs).toEqual({ call: { id: 7 }, after: 7 });
  });

  it('is the response to an http step, which reads it as a real one', async () => {
    const steps = [
      get('ok', 'https://api.test/a'),
      get('refused', 'https://api.test/b', { onError: 'continue' }),
    ];
    const { outputs, steps: played } = await play(
      { steps },
      {
        mocks: {
          ok: { output: { body: { id: 12345678901234567890n.toString() } } },
          refused: { output: { status: 409, body: 'taken' } },
        },
      },
    );
    expect(outputs.ok).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { id: '12345678901234567890' },
    });
    expect(played[1]?.error).toMatchObject({ code: 'http_status', details: { status: 409, body: 'taken' } });
  });

  it('is an error that the step fails with, and tries again after', async () => {
    const error = { code: 'busy', message: 'Not now.', retryable: true };
    const { steps, outputs } = await play(
      { steps: [act('call', 'test.outside', {}, { retry: { attempts: 3, delay: '1h' } })] },
      { mocks: { call: [{ error }, { error }, { output: 'third' }] } },
    );
    expect(steps).toMatchObject([{ status: 'succeeded', attempt: 3 }]);
    expect(outputs.call).toBe('third');
  });

  it('stands in for a database action too, which is then not run', async () => {
    const { outputs } = await play(
      { steps: [act('add', 'test.addLead', { name: 'Ada' }), act('count', 'query', { entity: 'leads' })] },
      { mocks: { add: { output: 'mocked' } } },
    );
    expect(outputs).toMatchObject({ add: 'mocked', count: { rows: [] } });
  });

  it('of a step that is not there is refused', async () => {
    await expect(play({ steps: chain('one') }, { mocks: { two: { output: 1 } } })).rejects.toMatchObject({
      detail: 'unknown_step',
      hint: 'Name one of: one.',
    });
  });
});

describe('a recorded call', () => {
  it('is one that would be allowed', async () => {
    const { steps } = await play(
      { steps: [get('inside', 'http://169.254.169.254/latest')] },
      { mocks: { inside: { output: {} } } },
    );
    expect(steps).toMatchObject([{ status: 'failed', error: { code: 'url_not_allowed' } }]);
  });

  it('hides credentials as a live one does', async () => {
    const { steps } = await play({
      steps: [
        get('call', 'https://api.test/', { headers: { Authorization: 'Bearer abc', Accept: 'text/plain' } }),
      ],
    });
    expect(steps).toMatchObject([
      { status: 'succeeded', input: { headers: { Authorization: '[redacted]', Accept: 'text/plain' } } },
    ]);
  });
});

describe('time', () => {
  const days = (from: unknown, to: unknown) =>
    (Date.parse(to as string) - Date.parse(from as string)) / 86_400_000;

  it('passes at once in delays, for the steps after them too, and only in the test run', async () => {
    const { outputs, status } = await play({
      steps: [now('before'), { id: 'wait', type: 'delay', for: '90d' }, now('after')],
    });
    expect(status).toBe('succeeded');
    expect(days(outputs.before, outputs.after)).toBeCloseTo(90, 1);
    const [clock] = await sql`select extract(epoch from workflow.now() - clock_timestamp())::float8 as off`;
    expect(clock?.off).toBeCloseTo(0, 1);
  });

  it('lets a timeout come before a longer wait inside it', async () => {
    const branches = { a: [{ id: 'long', type: 'delay', for: '3d' }] };
    const { error, outputs } = await play({
      steps: [
        now('before'),
        { id: 'both', type: 'parallel', branches, timeout: '1d', onError: 'continue' },
        now('after'),
      ],
    });
    expect(error).toBeNull();
    expect(days(outputs.before, outputs.after)).toBeCloseTo(1, 1);
  });
});

describe('an approval', () => {
  it('is answered as the caller says, one answer for each of its runs', async () => {
    const each = { id: 'each', type: 'loop', items: '[1, 2, 3]', as: 'item', steps: [ask('sure')] };
    const answers = ['approved', { decision: 'rejected', comment: 'No.' }];
    const { outputs } = await play({ steps: [each] }, { approvals: { sure: answers } });
    expect((outputs.each as { items: object[] }).items).toMatchObject([
      { decision: 'approved', comment: null },
      { decision: 'rejected', comment: 'No.' },
      { decision: 'rejected', comment: 'No.' },
    ]);
  });

  it('goes into the branch of its answer', async () => {
    const branches = { approved: chain('yes'), rejected: chain('no') };
    const { steps } = await play({ steps: [ask('sure', branches)] }, { approvals: { sure: 'rejected' } });
    expect(steps.map(({ path }) => path)).toEqual(['sure', 'no']);
  });

  it('that nobody answers runs out of time', async () => {
    const { outputs } = await play({
      steps: [now('before'), ask('sure', { onTimeout: 'reject' }), now('after')],
    });
    expect(outputs.sure).toMatchObject({ decision: 'rejected', decidedBy: null });
    expect(Date.parse(outputs.after as string) - Date.parse(outputs.before as string)).toBeGreaterThan(
      6.9 * 86_400_000,
    );
  });
});

describe('database actions', () => {
  it('run as their user, see what those before them wrote, and are savepoints of each other', async () => {
    const steps = [
      act('add', 'test.addLead', { name: 'Ada' }),
      act('refused', 'createEntity', { entity: 'leads', values: { email: 'none' } }, { onError: 'continue' }),
      act('all', 'query', { entity: 'leads' }),
    ];
    const workflow = await publish(sql, { steps });
    await runAsMember(sql, workflow);
    const other = await publish(sql, { steps: chain('one') });
    await runAsMember(sql, other);
    await sql`insert into public.leads (organization_id, name) values (${other.organizationId}, 'Hidden')`;
    const run = await playTest(sql, worker, workflow);
    expect(run.steps).toMatchObject([
      { status: 'succeeded' },
      { status: 'failed', error: { code: 'check_violation' } },
      { status: 'succeeded', output: { rows: [{ name: 'Ada' }] } },
    ]);
    expect(await sql`select from public.leads where name = 'Ada'`).toHaveLength(0);
  });

  it('each begin with deferred constraints', async () => {
    await sql`create table public.pairs (id int primary key, other int references public.pairs deferrable initially deferred,
      organization_id uuid not null)`;
    await sql`grant all on public.pairs to service_role`;
    registerActionHandler(
      'test.pair',
      async (params, { db, organizationId }) => {
        const { id } = params as { id: number };
        const add = (one: number, other: number) =>
          db.insertInto('public.pairs').values({ id: one, other, organization_id: organizationId }).execute();
        await add(id, id + 1);
        await add(id + 1, id);
        return null;
      },
      { kind: 'database' },
    );
    const { status } = await play({
      steps: [act('a', 'test.pair', { id: 1 }), act('b', 'test.pair', { id: 3 })],
    });
    expect(status).toBe('succeeded');
  });
});

describe('a step that runs another workflow', () => {
  const calling = async () => {
    const child = await publish(sql, { steps: chain('one') });
    const steps = [act('call', 'runWorkflow', { workflow: child.id })];
    return publish(sql, { steps }, child.organizationId);
  };

  it('starts it without consequences, and does not wait', async () => {
    const { status, outputs } = await playTest(sql, worker, await calling());
    expect(status).toBe('succeeded');
    expect(outputs.call).toEqual({ executionId: expect.any(String), status: 'succeeded', output: null });
    const { executionId } = outputs.call as { executionId: string };
    expect(await sql`select from public.workflow_executions where id = ${executionId}`).toHaveLength(0);
  });

  it('takes what its mock says', async () => {
    const output = { executionId: 'none', status: 'succeeded', output: 7 };
    const { outputs } = await playTest(sql, worker, await calling(), {
      test: { mocks: { call: { output } } },
    });
    expect(outputs.call).toEqual(output);
  });
});

describe('a draft', () => {
  const compiled = async (steps: object[]) => {
    const other = await publish(sql, { steps });
    const [version] =
      await sql`select definition, plan from public.workflow_versions where workflow_id = ${other.id}`;
    return { definition: version?.definition, plan: version?.plan };
  };

  it('is tested without being published, as whoever tests it', async () => {
    const steps = [
      {
        id: 'who',
        type: 'transform',
        output: { version: { $: 'workflow.version' }, id: { $: 'execution.id' } },
      },
      act('see', 'query', { entity: 'leads' }),
    ];
    const draft = await compiled(steps);
    const organizationId = crypto.randomUUID();
    const [row] = await sql<{ id: string }[]>`
      insert into public.workflows (organization_id, name) values (${organizationId}, 'Draft') returning id`;
    const workflow = { id: row?.id ?? '', organizationId };
    const stranger = await runAsMember(sql, { id: crypto.randomUUID(), organizationId: crypto.randomUUID() });
    const member = await runAsMember(sql, workflow);
    const run = await playTest(sql, worker, workflow, { test: draft, created_by: member });
    expect(run).toMatchObject({ status: 'succeeded', workflow_version: null });
    expect(run.outputs.who).toEqual({ version: 0, id: run.id });
    expect(await sql`select from public.workflow_versions where workflow_id = ${workflow.id}`).toHaveLength(
      0,
    );
    expect(await sql`select status, active_version from public.workflows where id = ${workflow.id}`).toEqual([
      { status: 'draft', active_version: null },
    ]);
    const refused = await playTest(sql, worker, workflow, { test: draft, created_by: stranger });
    expect(refused.error).toMatchObject({ code: 'run_as_not_member' });
    await sql`delete from public.workflows where id = ${workflow.id}`;
    expect(await sql`select from public.workflow_executions where id = ${run.id}`).toHaveLength(0);
  });

  it('checks its own inputs', async () => {
    const other = await publish(sql, {
      inputs: { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] },
      steps: chain('one'),
    });
    const [version] =
      await sql`select definition, plan from public.workflow_versions where workflow_id = ${other.id}`;
    const workflow = await publish(sql, { steps: chain('two') });
    const test = { definition: version?.definition, plan: version?.plan };
    expect((await playTest(sql, worker, workflow, { test })).error).toMatchObject({ code: 'invalid_input' });
    const { output } = await playTest(sql, worker, workflow, { test, input: { size: 3 } });
    expect(output).toBe('one');
  });

  it('without a version cannot be tested as the active version', async () => {
    const [row] = await sql<{ id: string }[]>`
      insert into public.workflows (organization_id, name) values (${crypto.randomUUID()}, 'Draft') returning id`;
    await expect(insertTest(sql, { id: row?.id ?? '', organizationId: '' })).rejects.toMatchObject({
      detail: 'workflow_not_active',
    });
  });
});

describe('the record of an event', () => {
  const steps = [{ id: 'seen', type: 'transform', output: { $: 'trigger' } }];
  const watching = (events = ['update']) =>
    publish(sql, { trigger: { type: 'event', table: 'leads', events }, steps });
  const lead = async (organizationId: string) => {
    const [row] = await sql<{ id: string }[]>`
      insert into public.leads (organization_id, name, status) values (${organizationId}, 'Ada', 'new') returning id`;
    return row?.id ?? '';
  };

  it('is the stored row with what the caller changes', async () => {
    const workflow = await watching();
    await runAsMember(sql, workflow);
    const id = await lead(workflow.organizationId);
    const { outputs } = await playTest(sql, worker, workflow, {
      test: { record: { id, status: 'qualified' } },
    });
    expect(outputs.seen).toMatchObject({
      type: 'event',
      table: 'public.leads',
      operation: 'UPDATE',
      record: { id, name: 'Ada', status: 'qualified' },
      old_record: { id, name: 'Ada', status: 'new' },
    });
  });

  it('is old_record when the row is deleted', async () => {
    const workflow = await watching();
    await runAsMember(sql, workflow);
    const id = await lead(workflow.organizationId);
    const { outputs } = await playTest(sql, worker, workflow, {
      test: { record: { id }, operation: 'delete' },
    });
    expect(outputs.seen).toMatchObject({
      operation: 'DELETE',
      record: null,
      old_record: { id, name: 'Ada' },
    });
  });

  it('has to be one that the workflow may see', async () => {
    const workflow = await watching();
    await runAsMember(sql, workflow);
    const record = { id: crypto.randomUUID(), organization_id: workflow.organizationId };
    const { error } = await playTest(sql, worker, workflow, { test: { record } });
    expect(error).toMatchObject({ code: 'record_not_visible' });
  });

  it('is not taken from another organisation', async () => {
    const workflow = await watching();
    const other = await publish(sql, { steps: chain('one') });
    await runAsMember(sql, workflow);
    await runAsMember(sql, other);
    const record = { id: await lead(other.organizationId) };
    await expect(playTest(sql, worker, workflow, { test: { record } })).rejects.toMatchObject({
      detail: 'invalid_test',
    });
  });

  it('has to be given', async () => {
    await expect(insertTest(sql, await watching())).rejects.toMatchObject({
      detail: 'invalid_test',
      hint: expect.stringContaining('`record` at least its id'),
    });
  });
});

describe('a test that cannot be read', () => {
  it.each([
    [{ mocks: { one: 7 } }],
    [{ mocks: { one: { error: 'broken' } } }],
    [{ mocks: [] }],
    [{ approvals: { one: 'perhaps' } }],
    [{ approvals: { one: { decision: 'approved', by: 'me' } } }],
    [{ unknown: true }],
    [{ plan: {} }],
    [[]],
  ])('is refused: %j', async (test) => {
    const workflow = await publish(sql, { steps: chain('one') });
    await expect(insertTest(sql, workflow, { test })).rejects.toMatchObject({ detail: 'invalid_test' });
  });

  it('is refused of a live execution', async () => {
    const { id } = await publish(sql, { steps: chain('one') });
    await expect(
      sql`insert into public.workflow_executions (workflow_id, test) values (${id}, '{}')`,
    ).rejects.toMatchObject({ detail: 'invalid_test' });
  });
});

it('a test run is no origin of a retry', async () => {
  const { id } = await play({ steps: chain('one') });
  await expect(sql`select workflow.retry(${id})`).rejects.toMatchObject({ detail: 'invalid_test' });
});

it('a test run that waits for what never comes ends with test_stuck', async () => {
  // As a step would whose other half only live executions have.
  const workflow = await publish(sql, { steps: [ask('sure')] });
  await sql`create function public.forget_timer() returns trigger language plpgsql as 'begin return null; end'`;
  await sql`create trigger forget before insert on workflow.timers for each row execute function public.forget_timer()`;
  const run = await playTest(sql, worker, workflow);
  await sql`drop trigger forget on workflow.timers`;
  expect(run).toMatchObject({
    status: 'failed',
    error: { code: 'test_stuck' },
    steps: [{ status: 'cancelled' }],
  });
});

it('errors take the way that they take in a live execution', async () => {
  const { status, error, steps } = await play(
    {
      steps: [
        act('call', 'test.outside', {}, { onError: chain('caught') }),
        { id: 'bad', type: 'transform', output: { $: 'input.missing' } },
      ],
      onFailure: chain('cleanup'),
    },
    { mocks: { call: { error: { code: 'broken', message: 'It broke.' } } } },
  );
  expect(status).toBe('failed');
  expect(error).toMatchObject({ code: 'missing_value', step: 'bad' });
  expect(steps.map(({ path, status }) => `${path} ${status}`)).toEqual([
    'call failed',
    'caught succeeded',
    'bad failed',
    'cleanup succeeded',
  ]);
});
