import { afterEach, expect, it } from 'vitest';
import { chain, claimOne, complete, outcome, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const { sql } = database;

afterEach(async () => {
  await sql`update workflow.settings set keep_executions = null, keep_audit_log = null`;
  await sql`truncate public.workflow_executions cascade`;
});

/** An execution that ended so long ago. */
async function endedAgo(interval: string): Promise<string> {
  const id = await start(sql, await publish(sql, { steps: chain('one') }));
  await complete(sql, outcome(await claimOne(sql)));
  await sql`update public.workflow_executions set finished_at = clock_timestamp() - ${interval}::interval where id = ${id}`;
  return id;
}

const left = async () => (await sql`select id from public.workflow_executions`).map(({ id }) => id);

it('ended executions go with their steps when their time is over; open ones and younger ones stay', async () => {
  const old = await endedAgo('31 days');
  const young = await endedAgo('29 days');
  const open = await start(sql, await publish(sql, { steps: chain('one') }));
  await sql`update public.workflow_executions set created_at = clock_timestamp() - interval '60 days' where id = ${open}`;
  await sql`update workflow.settings set keep_executions = '30 days'`;
  const [row] = await sql`select workflow.sweep() as done`;
  expect(row?.done).toMatchObject({ pruned: 2 });
  expect((await left()).sort()).toEqual([young, open].sort());
  expect(await sql`select from public.workflow_execution_steps where execution_id = ${old}`).toHaveLength(0);
});

it('nothing goes unless the settings say so', async () => {
  const id = await endedAgo('10 years');
  await sql`select workflow.sweep()`;
  expect(await left()).toEqual([id]);
});

it('goes in batches, an execution only after the last of its steps', async () => {
  const id = await start(sql, await publish(sql, { steps: chain('one', 'two', 'three') }));
  for (const _ of ['one', 'two', 'three']) await complete(sql, outcome(await claimOne(sql)), 'queue');
  await sql`update public.workflow_executions set finished_at = clock_timestamp() - interval '2 days'`;
  await sql`update workflow.settings set keep_executions = '1 day'`;
  const prune = async () => (await sql`select workflow.prune_executions(2) as rows`)[0]?.rows;
  expect([await prune(), await left()]).toEqual([2, [id]]);
  expect([await prune(), await left()]).toEqual([2, []]);
});

it('the audit log has a time of its own', async () => {
  await sql`insert into public.workflow_audit_log (organization_id, event, created_at)
    values (gen_random_uuid(), 'old', now() - interval '2 days'), (gen_random_uuid(), 'young', now())`;
  await sql`update workflow.settings set keep_audit_log = '1 day'`;
  await sql`select workflow.sweep()`;
  expect(await sql`select event from public.workflow_audit_log`).toEqual([{ event: 'young' }]);
});
