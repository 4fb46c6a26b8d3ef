import { afterEach, expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { chain, claim, claimOne, execution, publish, start, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { useWorker } from '../../support/worker.ts';

const database = await useEngineDatabase();
const worker = useWorker(database);
const impatient = useWorker(database, { startWithinMs: 0 });
const { sql } = database;

let transactions: readonly unknown[] | undefined;
registerActionHandler('test.look', async () => {
  transactions = await sql`
    select query from pg_stat_activity
    where datname = current_database() and application_name = 'workflow-worker' and xact_start is not null`;
  return null;
});

afterEach(() => sql`truncate public.workflow_executions cascade`);

it('an external action runs with no transaction open', async () => {
  const look = { id: 'look', type: 'action', action: 'test.look', params: {} };
  const id = await start(sql, await publish(sql, { steps: [look] }));
  await worker.run([await claimOne(sql)]);
  expect((await execution(sql, id)).status).toBe('succeeded');
  expect(transactions).toEqual([]);
});

it('pure outcomes of a set are reported in one commit', async () => {
  const workflow = await publish(sql, { steps: chain('one') });
  for (let i = 0; i < 5; i += 1) await start(sql, workflow);
  await worker.run(await claim(sql, 10));
  const commits = await sql`select distinct xmin::text, status from public.workflow_execution_steps`;
  expect(commits).toMatchObject([{ status: 'succeeded' }]);
});

it('a set that is refused is settled one by one: what is stale ends alone', async () => {
  const workflow = await publish(sql, { steps: chain('one') });
  const ids = [await start(sql, workflow), await start(sql, workflow), await start(sql, workflow)];
  const claims = await claim(sql, 10);
  await sql`update public.workflow_executions set status = 'cancelled' where id = ${ids[1] ?? ''}`;
  await worker.run(claims);
  const ended = await Promise.all(ids.map(async (id) => (await execution(sql, id)).status));
  expect(ended).toEqual(['succeeded', 'cancelled', 'succeeded']);
});

it('database actions whose turn comes too late are given back unstarted, and count no lost lease', async () => {
  const read = { id: 'read', type: 'action', action: 'query', params: { entity: 'leads' } };
  const workflow = await publish(sql, { steps: [read] });
  const ids = [await start(sql, workflow), await start(sql, workflow), await start(sql, workflow)];
  await impatient.run(await claim(sql, 10));
  const after = await Promise.all(ids.map(async (id) => (await statuses(sql, id)).read));
  expect(after).toEqual(['succeeded', 'queued', 'queued']);
  expect(await claim(sql, 10)).toMatchObject([{ deliveries: 0 }, { deliveries: 0 }]);
});
