import { afterEach, expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { withWrites } from '../../../shared/actions/writes.ts';
import { chain, claimOne, execution, publish, start, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;
let called = 0;

registerActionHandler('test.sendAndNote', (params, { organizationId }) => {
  called += 1;
  return withWrites({ sent: true }, (db) =>
    db
      .insertInto('public.leads')
      .values({ organization_id: organizationId, email: (params as { email: string }).email })
      .execute(),
  );
});
registerActionHandler('test.pureWrites', () => withWrites(null, async () => {}), { kind: 'pure' });

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
  await sql`delete from public.leads where email = 'a@example.com'`;
});

async function prepared(action: string, params: object) {
  const workflow = await publish(sql, {
    steps: [{ id: 'act', type: 'action', action, params }, ...chain('after')],
  });
  await runAsMember(sql, workflow);
  return { id: await start(sql, workflow), organizationId: workflow.organizationId };
}

const emails = async () =>
  (await sql`select email from public.leads where email = 'a@example.com'`).map(({ email }) => email);

it('rows that an external action returns are written in the transaction that completes its step', async () => {
  const { id } = await prepared('test.sendAndNote', { email: 'a@example.com' });
  const claimed = await claimOne(sql);
  await worker.run([claimed]);
  expect(await emails()).toEqual(['a@example.com']);
  const [row] =
    await sql`select status, output from public.workflow_execution_steps where id = ${claimed.step_run_id}`;
  expect(row).toEqual({ status: 'succeeded', output: { sent: true } });
  expect(await statuses(sql, id)).toEqual({ act: 'succeeded', after: 'queued' });
});

it('a late worker has called outside, and writes nothing', async () => {
  const { id } = await prepared('test.sendAndNote', { email: 'a@example.com' });
  const claimed = await claimOne(sql);
  await sql`update workflow.leases set token = gen_random_uuid()`;
  const before = called;
  await worker.run([claimed]);
  expect(called).toBe(before + 1);
  expect(await emails()).toEqual([]);
  expect(await statuses(sql, id)).toEqual({ act: 'running' });
});

it('writes that the database refuses fail the step, and leave nothing', async () => {
  const { id } = await prepared('test.sendAndNote', { email: null });
  await worker.run([await claimOne(sql)]);
  expect(await emails()).toEqual([]);
  expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'check_violation' } });
});

it('only external actions return writes', async () => {
  const { id } = await prepared('test.pureWrites', {});
  await worker.run([await claimOne(sql)]);
  expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { code: 'invalid_result' } });
});
