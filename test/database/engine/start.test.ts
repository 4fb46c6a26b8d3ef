import { describe, expect, it } from 'vitest';
import { chain, execution, leftovers, publish, start, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();

describe('starting an execution', () => {
  it('makes execution, step run, strand and message in one transaction', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one', 'two') });
    const id = await start(sql, workflow, { name: 'Ada' });
    expect(await execution(sql, id)).toMatchObject({
      status: 'running',
      input: { name: 'Ada' },
      workflow_version: 1,
      organization_id: workflow.organizationId,
    });
    expect(await statuses(sql, id)).toEqual({ one: 'queued' });
    expect(await leftovers(sql)).toMatchObject({ strands: 1, messages: 1, leases: 0 });
  });

  it('leaves nothing behind when its transaction is rolled back', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    const before = await leftovers(sql);
    await sql
      .begin(async (tx) => {
        await start(tx, workflow);
        throw new Error('rolled back');
      })
      .catch(() => {});
    const [count] =
      await sql`select count(*)::int from public.workflow_executions where workflow_id = ${workflow.id}`;
    expect(count?.count).toBe(0);
    expect(await leftovers(sql)).toEqual(before);
  });

  it('returns the first execution for a repeated idempotency key', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    const again = () => sql`select workflow.start(${workflow.id}::uuid, '{}', 'order-1') as id`;
    expect((await again())[0]?.id).toBe((await again())[0]?.id);
    const [count] =
      await sql`select count(*)::int from public.workflow_executions where workflow_id = ${workflow.id}`;
    expect(count?.count).toBe(1);
  });

  it('refuses a workflow without a published version, with a hint', async () => {
    const { sql } = database;
    const [draft] = await sql`
      insert into public.workflows (organization_id, name) values (gen_random_uuid(), 'Draft') returning id`;
    await expect(sql`select workflow.start(${draft?.id}::uuid)`).rejects.toMatchObject({
      detail: 'workflow_not_active',
      hint: 'Publish a version of it first.',
    });
  });

  it('refuses a priority out of range', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    await expect(
      sql`insert into public.workflow_executions (workflow_id, priority) values (${workflow.id}, 101)`,
    ).rejects.toMatchObject({ detail: 'invalid_priority', hint: expect.stringContaining('-100 to 100') });
  });

  it('finds a workflow by name, unless several have it', async () => {
    const { sql } = database;
    const organization = crypto.randomUUID();
    const workflow = await publish(sql, { name: 'Nightly report', steps: chain('one') }, organization);
    const [row] = await sql`select workflow.start('Nightly report') as id`;
    expect((await execution(sql, row?.id)).workflow_id).toBe(workflow.id);
    await publish(sql, { name: 'Nightly report', steps: chain('one') }, organization);
    await expect(sql`select workflow.start('Nightly report')`).rejects.toMatchObject({
      detail: 'workflow_ambiguous',
    });
  });

  it('admits no more of an organisation than its in-flight limit, then the oldest first', async () => {
    const { sql } = database;
    const workflow = await publish(sql, { steps: chain('one') });
    await sql`update workflow.settings set max_in_flight = 2`;
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push(await start(sql, workflow));
    const read = async () => Promise.all(ids.map(async (id) => (await execution(sql, id)).status));
    expect(await read()).toEqual(['running', 'running', 'queued', 'queued']);
    await sql`update workflow.settings set max_in_flight = 3`;
    await sql`select workflow.sweep()`;
    expect(await read()).toEqual(['running', 'running', 'running', 'queued']);
    await sql`update workflow.settings set max_in_flight = default`;
  });

  it('gives ids that ascend within a session', async () => {
    const { sql } = database;
    const rows = await sql<{ id: string }[]>`select workflow.new_id() as id from generate_series(1, 50)`;
    const millis = rows.map(({ id }) => id.slice(0, 13));
    expect(millis).toEqual([...millis].sort());
    expect(rows.every(({ id }) => id[14] === '7' && '89ab'.includes(id[19] ?? ''))).toBe(true);
  });
});
