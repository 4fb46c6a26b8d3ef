import postgres from 'postgres';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { allRows } from '../../support/all-rows.ts';
import { chain, claim, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { startListener } from '../../support/listener.ts';
import { playTest } from '../../support/test-runs.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

// A test run does everything a live execution would, and afterwards nothing has happened.

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;
const admin = postgres(database.url.replace('//postgres:', '//supabase_admin:'), { max: 1 });
const outside = await startListener();
const post = () => fetch(outside.url, { method: 'POST', body: '{}' });

registerActionHandler('test.callOutside', async () => {
  await post();
  return 'called';
});

/** A workflow with every kind of consequence: rows, calls, messages, waits, approvals, other workflows. */
const steps = [
  {
    id: 'create',
    type: 'action',
    action: 'createEntity',
    params: { entity: 'leads', values: { email: 'new@example.com' } },
  },
  {
    id: 'update',
    type: 'action',
    action: 'updateEntity',
    params: {
      entity: 'leads',
      where: { field: 'email', op: 'isNull' },
      set: { notes: { $: 'steps.create.output.row.email' } },
    },
  },
  { id: 'call', type: 'action', action: 'test.callOutside', params: {}, retry: { attempts: 2 } },
  { id: 'http', type: 'http', method: 'POST', url: `${outside.url}/`, body: { name: 'Ada' } },
  { id: 'tell', type: 'notification', channel: 'log', to: 'sales', body: 'Hello' },
  {
    id: 'mail',
    type: 'notification',
    channel: 'email',
    to: ['ada@example.com', 'bob@example.com'],
    subject: 'Hello',
    body: 'Hello',
  },
  { id: 'wait', type: 'delay', for: '30d' },
  {
    id: 'each',
    type: 'loop',
    items: '[1, 2, 3]',
    as: 'item',
    concurrency: 2,
    steps: [{ id: 'inner', type: 'action', action: 'test.callOutside', params: {} }],
  },
  {
    id: 'both',
    type: 'parallel',
    branches: {
      slow: [
        { id: 'sleep', type: 'delay', for: '1d' },
        { id: 'late', type: 'transform', output: 1 },
      ],
      fast: [{ id: 'soon', type: 'transform', output: 2 }],
    },
  },
  {
    id: 'ask',
    type: 'approval',
    approvers: ['role:editor'],
    title: 'Go on?',
    channel: 'email',
    reminders: ['1d'],
  },
];

beforeAll(async () => {
  vi.stubEnv('WORKFLOW_HTTP_ALLOW', '127.0.0.1');
  await sql`select vault.create_secret('http://127.0.0.1:1', 'project_url'), vault.create_secret('key', 'secret_key')`;
});
afterAll(() => admin.end());

/** What belongs to an execution, and what the platform keeps of it for Realtime. */
const ownRows = (id: string) => ({
  'public.workflow_executions': `id = '${id}'`,
  'public.workflow_execution_steps': `execution_id = '${id}'`,
  ...Object.fromEntries(
    partitionsOfMessages.map((name) => [
      name,
      `payload ->> 'id' = '${id}' or topic = 'workflow:execution:${id}'`,
    ]),
  ),
  // The call of a worker that the insert has caused, and the note of it.
  'net.http_request_queue': isOwnCall,
  'workflow.wake_ups': `request_id in (select id from net.http_request_queue where ${isOwnCall})`,
});

const isOwnCall = `convert_from(body, 'UTF8') = '{"test": true}'`;

const partitionsOfMessages = (
  await sql<{ name: string }[]>`
    select format('realtime.%I', relname) as name from pg_class
    where relnamespace = 'realtime'::regnamespace and relkind in ('r', 'p') and relname like 'messages%'`
).map(({ name }) => name);

it('changes no row of any table but its own', async () => {
  const workflow = await publish(sql, { steps });
  await runAsMember(sql, workflow);
  await sql`insert into public.leads (organization_id, name) values (${workflow.organizationId}, 'Old')`;
  await publish(
    sql,
    { trigger: { type: 'event', table: 'leads', events: ['insert', 'update'] }, steps: chain('one') },
    workflow.organizationId,
  );
  const before = await allRows(admin, ownRows('00000000-0000-0000-0000-000000000000'));
  const run = await playTest(sql, worker, workflow, { test: { approvals: { ask: 'approved' } } });
  expect(run).toMatchObject({ status: 'succeeded', error: null });
  expect(run.outputs).toMatchObject({
    create: { row: { email: 'new@example.com' } },
    update: { count: 1, rows: [{ name: 'Old', notes: 'new@example.com' }] },
    both: { slow: 1, fast: 2 },
    ask: { decision: 'approved' },
  });
  expect(await allRows(admin, ownRows(run.id))).toEqual(before);
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining(['public.leads', 'pgmq.q_workflow', 'workflow.strands', 'auth.users']),
  );
});

it('calls nobody: steps of kind external are recorded, actions of the application among them', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const workflow = await publish(sql, { steps });
  const user = await runAsMember(sql, workflow);
  const { status, steps: played } = await playTest(sql, worker, workflow, {
    test: { approvals: { ask: 'approved' } },
  });
  const said = log.mock.calls.filter(([line]) => String(line).includes('workflow.notification'));
  log.mockRestore();
  expect(status).toBe('succeeded');
  expect([outside.count(), said]).toEqual([0, []]);
  const recorded = played.filter(({ path }) =>
    ['call', 'http', 'tell', 'mail', 'inner', 'ask.message'].includes(path),
  );
  expect(recorded).toMatchObject([
    { path: 'call', status: 'succeeded', input: {}, output: null },
    {
      path: 'http',
      input: { method: 'POST', url: `${outside.url}/`, body: { name: 'Ada' } },
      output: { status: 200, body: null },
    },
    { path: 'tell', input: { channel: 'log', to: 'sales', body: 'Hello' }, output: { channel: 'log' } },
    { path: 'mail', output: { deliveries: [{ to: 'ada@example.com' }, { to: 'bob@example.com' }] } },
    { path: 'inner' },
    { path: 'inner' },
    { path: 'inner' },
    { path: 'ask.message', status: 'succeeded', output: { kind: 'request', to: [user] } },
  ]);
});

it('the same workflow, live, does call', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const workflow = await publish(sql, { steps: [steps[2]] });
  await start(sql, workflow);
  await worker.run(await claim(sql));
  expect(await outside.received(1)).toHaveLength(1);
});

it('leaves steps, timers and backlog of live executions to live workers', async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue('workflow')`;
  const organization = crypto.randomUUID();
  const live = await publish(sql, { steps: chain('one') }, organization);
  const delayed = await publish(sql, {
    steps: [{ id: 'wait', type: 'delay', for: '1h' }, ...chain('two')],
  });
  await start(sql, delayed);
  await worker.run(await claim(sql));
  await start(sql, live);
  const tested = await publish(sql, { steps: [{ id: 'nap', type: 'delay', for: '2h' }, ...chain('end')] });
  await playTest(sql, worker, tested);
  expect(await sql`select status from public.workflow_executions where mode = 'live' order by id`).toEqual([
    { status: 'waiting' },
    { status: 'running' },
  ]);
  expect((await claim(sql, 10)).map(({ path }) => path)).toEqual(['one']);
});
