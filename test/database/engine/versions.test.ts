import { afterEach, describe, expect, it } from 'vitest';
import {
  chain,
  claimOne,
  complete,
  execution,
  outcome,
  publish,
  start,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();

afterEach(() => database.sql`truncate public.workflow_executions cascade`);

const again = async (workflowId: string, ...ids: string[]) => {
  const { sql } = database;
  const other = await publish(sql, { steps: chain(...ids) });
  await sql`insert into public.workflow_versions (workflow_id, version, definition, plan)
    select ${workflowId}, 1, definition, plan from public.workflow_versions where workflow_id = ${other.id}`;
};

describe('versions', () => {
  it('are numbered, and a new one is active for executions that start after it', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    const before = await start(sql, workflow);
    await again(workflow.id, 'other');
    const after = await start(sql, workflow);
    expect([
      (await execution(sql, before)).workflow_version,
      (await execution(sql, after)).workflow_version,
    ]).toEqual([1, 2]);
    expect(await statuses(sql, after)).toEqual({ other: 'queued' });
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${after}`;
    const [two] = await complete(sql, outcome(await claimOne(sql)));
    expect(two?.path).toBe('two');
    await complete(sql, outcome(two as never));
  });

  it('can be rolled back in one statement, but not to one that does not exist', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    await again(workflow.id, 'other');
    await sql`update public.workflows set active_version = 1 where id = ${workflow.id}`;
    expect(await statuses(sql, await start(sql, workflow))).toEqual({ one: 'queued' });
    await expect(
      sql`update public.workflows set active_version = 7 where id = ${workflow.id}`,
    ).rejects.toMatchObject({
      detail: 'unknown_version',
    });
  });

  it.each([
    ['a plan of another format', { format: 2, first: 'a', steps: {} }, 'plan_format'],
    ['a plan without steps', { format: 1, first: null, steps: {} }, 'plan_empty'],
  ])('%s is refused', async (_case, plan, code) => {
    const { sql } = database;
    const { id } = await publish(sql, { steps: chain('one') });
    const publishing = sql`insert into public.workflow_versions (workflow_id, version, definition, plan)
      values (${id}, 1, '{}', ${sql.json(plan as never)})`;
    await expect(publishing).rejects.toMatchObject({ detail: code });
  });

  it('whose plan leads to a step that does not exist are refused', async () => {
    const { sql } = database;
    const { id } = await publish(sql, { steps: chain('one', 'two') });
    const publishing = sql`insert into public.workflow_versions (workflow_id, version, definition, plan)
      select workflow_id, 1, definition, jsonb_set(plan, '{steps,two,next}', '"gone"') from public.workflow_versions
      where workflow_id = ${id}`;
    await expect(publishing).rejects.toMatchObject({ detail: 'plan_dangling' });
  });

  it('is that of its executions and steps, also when it changes later', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    const id = await start(sql, workflow);
    await sql`update public.workflows set min_role = 'admin' where id = ${workflow.id}`;
    const [two] = await complete(sql, outcome(await claimOne(sql)));
    expect((await execution(sql, id)).min_role).toBe('admin');
    const roles =
      await sql`select distinct min_role from public.workflow_execution_steps where execution_id = ${id}`;
    expect(roles).toMatchObject([{ min_role: 'admin' }]);
    await complete(sql, outcome(two as never));
  });
});

describe('drafts', () => {
  const draft = (id: string, revision: number, value: object) => database.sql`
    update public.workflows set draft = ${database.sql.json(value as never)}, draft_revision = ${revision}
    where id = ${id} returning draft_revision`;

  it('are saved over the revision they were made from', async () => {
    const { id } = await publish(database.sql, { steps: chain('one') });
    expect(await draft(id, 0, { name: 'A' })).toMatchObject([{ draft_revision: 1 }]);
    expect(await draft(id, 1, { name: 'B' })).toMatchObject([{ draft_revision: 2 }]);
  });

  it('that are stale are refused, and told what differs', async () => {
    const { sql } = database;
    const { id } = await publish(sql, { steps: chain('one') });
    await draft(id, 0, { name: 'A', steps: [{ id: 'x' }, { id: 'y' }] });
    await expect(draft(id, 0, { name: 'B', steps: [{ id: 'x' }, { id: 'z' }] })).rejects.toMatchObject({
      detail: 'stale_draft',
      hint: expect.stringMatching(/name.*steps\[1\]\.id/),
    });
    const [row] = await sql`select draft from public.workflows where id = ${id}`;
    expect(row?.draft.name).toBe('A');
  });
});
