import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  advance,
  chain,
  claim,
  claimOne,
  complete,
  failure,
  outcome,
  publish,
  start,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { useWorker } from '../../support/worker.ts';

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;
const organizationId = randomUUID();
const approver = randomUUID();
const query = { id: 'read', type: 'action', action: 'query', params: { entity: 'leads' } };
const delay = { id: 'wait', type: 'delay', for: '1h' };
const decide = { id: 'decide', type: 'condition', if: 'true', then: [query] };

beforeAll(() => sql`insert into auth.users (id, email) values (${approver}, 'approver@example.com')`);
afterAll(() => sql`update workflow.settings set clock_offset = '0'`);

const run = async (steps: unknown[], rest = {}) =>
  start(sql, await publish(sql, { steps, ...rest }, organizationId));
const cancel = (id: string) =>
  sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;

/** Leaves the claimed delay waiting. */
async function wait(): Promise<void> {
  const [row] = await sql`select workflow.now() + interval '1 hour' as until`;
  await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until: row?.until.toISOString() }));
}

/** Lets the hour pass. */
async function fire(): Promise<void> {
  await advance(sql, '1 hour');
  await sql`select workflow.sweep()`;
}

/** Lets the worker run until nothing is ready. */
async function drain(): Promise<void> {
  for (;;) {
    const claims = await claim(sql, 10);
    await worker.run(claims);
    const [row] = await sql`select workflow.has_ready_work() as ready`;
    if (claims.length === 0 && !row?.ready) return;
  }
}

/** Approves whatever is asked. */
async function approve(): Promise<void> {
  await sql`insert into public.approval_decisions (request_id, user_id, decision)
    select id, ${approver}, 'approve' from public.approval_requests where status = 'pending'`;
}

type Step = Record<string, unknown>;

/** Steps that wait for what is inside of them. */
const waiting: Record<string, (inside: Step[], fields: Step) => Step | Promise<Step>> = {
  condition: (inside, fields) => ({ id: 'check', type: 'condition', if: 'true', then: inside, ...fields }),
  loop: (inside, fields) => ({
    id: 'each',
    type: 'loop',
    items: [1, 2, 3],
    concurrency: 2,
    steps: inside,
    ...fields,
  }),
  parallel: (inside, fields) => ({
    id: 'both',
    type: 'parallel',
    branches: { one: inside, other: [{ ...delay, id: 'other' }] },
    ...fields,
  }),
  approval: (inside, fields) => ({
    id: 'ask',
    type: 'approval',
    approvers: [approver],
    title: 'Go on?',
    approved: inside,
    ...fields,
  }),
  action: async (inside, fields) => {
    const { id } = await publish(sql, { steps: inside }, organizationId);
    return { id: 'call', type: 'action', action: 'runWorkflow', params: { workflow: id }, ...fields };
  },
};
const broken = { id: 'broken', type: 'transform', output: { $: 'input.missing' } };

/** What may become of a step that waits, whatever it waits for. */
const waitingWays = Object.entries(waiting).flatMap(([type, around]): [string, () => Promise<unknown>][] => [
  [
    `waits for what is inside of a step of type ${type}, which succeeds`,
    async () => {
      await run([await around([delay], {}), ...chain('after')]);
      await drain();
      await approve();
      for (let hour = 0; hour < 2; hour += 1) {
        await drain();
        await fire();
      }
      await drain();
    },
  ],
  [
    `fails inside of a step of type ${type}`,
    async () => {
      await run([await around([broken], {})]);
      await drain();
      await approve();
      await drain();
    },
  ],
  [
    `is cancelled inside of a step of type ${type}`,
    async () => {
      const id = await run([await around([delay], {})]);
      await drain();
      await cancel(id);
      await drain();
    },
  ],
  [
    `waits too long for what is inside of a step of type ${type}`,
    async () => {
      await run([await around([delay], { timeout: '1m', onError: 'continue' })]);
      await drain();
      await fire();
      await drain();
    },
  ],
]);

/** Every way an execution can take, once. */
const ways: [string, () => Promise<unknown>][] = [
  [
    'succeeds, with a skipped step and a branch',
    async () => {
      await run([...chain('one'), decide, ...chain('after')]);
      const [inside] = await complete(sql, outcome(await claimOne(sql), { status: 'skipped' }));
      const [read] = await complete(sql, outcome(inside as never, { branch: 'then' }));
      const [after] = await complete(sql, outcome(read as never));
      await complete(sql, outcome(after as never));
    },
  ],
  [
    'fails inside a condition, after a retry',
    async () => {
      await run([{ ...decide, then: [{ ...query, retry: { attempts: 2, delay: '1m' } }] }]);
      const [read] = await complete(sql, outcome(await claimOne(sql), { branch: 'then' }));
      await complete(sql, failure(read as never, { retryable: true }));
      await fire();
      await complete(sql, failure(await claimOne(sql), { retryable: true }));
    },
  ],
  [
    'waits, and goes on',
    async () => {
      await run([delay, ...chain('after')]);
      await wait();
      await fire();
      await complete(sql, outcome(await claimOne(sql)));
    },
  ],
  [
    'waits, and succeeds with the wait',
    async () => {
      await run([delay]);
      await wait();
      await fire();
    },
  ],
  [
    'waits in onFailure, and fails with the wait',
    async () => {
      await run(chain('one'), { onFailure: [delay] });
      await complete(sql, failure(await claimOne(sql)), 'queue');
      await wait();
      await fire();
    },
  ],
  [
    'is cancelled in the backlog',
    async () => {
      await sql`update workflow.settings set max_in_flight = 1`;
      const workflow = await publish(sql, { steps: chain('one') });
      const [first, second] = [await start(sql, workflow), await start(sql, workflow)];
      await cancel(second);
      await cancel(first);
      await sql`update workflow.settings set max_in_flight = default`;
    },
  ],
  [
    'is cancelled while a step runs that was given back before',
    async () => {
      const id = await run(chain('one'));
      const { strand_id, token } = await claimOne(sql);
      await sql`select workflow.give_back(${sql.json([{ strand_id, token }])})`;
      await claim(sql);
      await cancel(id);
    },
  ],
  [
    'is cancelled while it waits',
    async () => {
      const id = await run([delay]);
      await wait();
      await cancel(id);
    },
  ],
  ...waitingWays,
];

beforeAll(() =>
  sql.unsafe(`
    create table public.made (entity text, type text, from_status text, to_status text);
    create function public.note() returns trigger language plpgsql security definer as $$
    begin
      insert into public.made values (tg_argv[0], to_jsonb(new) ->> 'type', old.status, new.status);
      return null;
    end $$;
    create trigger note after update on public.workflow_executions
      for each row when (old.status <> new.status) execute function public.note('execution');
    create trigger note after update on public.workflow_execution_steps
      for each row when (old.status <> new.status) execute function public.note('step')`),
);

it.each(ways)('an execution %s', async (_, go) => {
  await go();
  expect(await sql`select id, status from public.workflow_executions where finished_at is null`).toEqual([]);
});

it('the engine makes exactly the transitions that are written down', async () => {
  const read = async (table: string) => {
    const rows = await sql`select distinct entity, from_status, to_status from ${sql(table)}`;
    return rows.map(({ entity, from_status, to_status }) => `${entity} ${from_status} ${to_status}`).sort();
  };
  expect(await read('public.made')).toEqual(await read('workflow.transitions'));
});

it('everything that waits has ended well, has failed and has been cancelled', async () => {
  const rows = await sql`
    select distinct type, to_status as end from public.made
    where entity = 'step' and from_status = 'waiting' and to_status <> 'queued'`;
  const types = [...Object.keys(waiting), 'iteration', 'branch'];
  expect(rows.map(({ type, end }) => `${type} ${end}`)).toEqual(
    expect.arrayContaining(
      types.flatMap((type) => ['succeeded', 'failed', 'cancelled'].map((end) => `${type} ${end}`)),
    ),
  );
});
