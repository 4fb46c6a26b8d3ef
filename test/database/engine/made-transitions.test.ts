import { afterAll, expect, it } from 'vitest';
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

const { sql } = await useEngineDatabase();
const query = { id: 'read', type: 'action', action: 'query', params: { entity: 'leads' } };
const delay = { id: 'wait', type: 'delay', for: '1h' };
const decide = { id: 'decide', type: 'condition', if: 'true', then: [query] };

afterAll(() => sql`update workflow.settings set clock_offset = '0'`);

const run = async (steps: unknown[], rest = {}) => start(sql, await publish(sql, { steps, ...rest }));
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
];

it('the engine makes exactly the transitions that are written down', async () => {
  await sql.unsafe(`
    create table public.made (entity text, from_status text, to_status text);
    create function public.note() returns trigger language plpgsql security definer as $$
    begin
      insert into public.made values (tg_argv[0], old.status, new.status);
      return null;
    end $$;
    create trigger note after update on public.workflow_executions
      for each row when (old.status <> new.status) execute function public.note('execution');
    create trigger note after update on public.workflow_execution_steps
      for each row when (old.status <> new.status) execute function public.note('step')`);
  for (const [, go] of ways) await go();
  const read = async (table: string) => {
    const rows = await sql`select distinct entity, from_status, to_status from ${sql(table)}`;
    return rows.map(({ entity, from_status, to_status }) => `${entity} ${from_status} ${to_status}`).sort();
  };
  expect(await read('public.made')).toEqual(await read('workflow.transitions'));
});
