import { describe, expect, it } from 'vitest';
import { chain, publish } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { describeSchedules } from './suite.ts';
import { publishChain, type Schedule, schedule, scheduleRow, setClock, startedAt, sweep } from './support.ts';

const database = await useEngineDatabase();
const { sql } = database;
const other = database.connect();

describeSchedules(sql);

describe('sweeps', () => {
  it('leave a schedule due that only had to wait too long for a lock', async () => {
    const workflow = await publishChain(sql);
    const row = await schedule(sql, workflow, { cron: '0 * * * *' });
    await setClock(sql, '2026-03-10T12:00:00Z');
    await other.begin(async (tx) => {
      await tx`select from public.workflow_versions where workflow_id = ${workflow.id} for update`;
      await sql.begin(async (own) => {
        await own`set local lock_timeout = '50ms'`;
        expect(await sweep(own)).toBe(0);
      });
    });
    expect(await scheduleRow(sql, row)).toMatchObject({ failures: 0, next_run_at: row.next_run_at });
    expect(await sweep(sql)).toBe(1);
  });

  it('at the same time do not wait for each other, nor start anything twice', async () => {
    const workflow = await publishChain(sql);
    await schedule(sql, workflow, { cron: '0 * * * *' });
    await setClock(sql, '2026-03-10T12:00:00Z');
    await other.begin(async (tx) => {
      expect(await sweep(tx)).toBe(1);
      expect((await sql`select workflow.fire_schedules(100) as started`)[0]?.started).toBe(0);
    });
    expect(await startedAt(sql, workflow)).toHaveLength(1);
  });

  it('read one index for what is due among thousands, and start it as a set', async () => {
    const workflow = await publishChain(sql);
    await sql`
      insert into public.scheduled_workflows (workflow_id, cron)
      select ${workflow.id}, case when n % 25 = 0 then '0 12 * * *' else '0 18 * * *' end from generate_series(1, 1500) n`;
    await sql`analyze public.scheduled_workflows`;
    await setClock(sql, '2026-03-10T12:00:00Z');
    const plan = await sql`explain select id from public.scheduled_workflows
      where next_run_at <= '2026-03-10T12:00:00Z' order by next_run_at limit 5000 for update skip locked`;
    expect(JSON.stringify(plan)).toContain('Index Scan using scheduled_workflows_due');
    expect(await sweep(sql)).toBe(60);
  });
});

describe('the trigger of a definition', () => {
  const daily = { type: 'schedule', cron: '0 9 * * *', timezone: 'Europe/Berlin' };
  const own = async ({ id }: { id: string }) => {
    const [row] = await sql<Schedule[]>`
      select * from public.scheduled_workflows where workflow_id = ${id} and from_definition`;
    return row;
  };
  const publishTrigger = (trigger: object) => publish(sql, { trigger, steps: chain('one') });
  /** Publishes another version with this trigger. */
  const republish = (workflow: { id: string }, trigger: object) => sql`
    insert into public.workflow_versions (workflow_id, version, definition, plan)
    select workflow_id, 1, jsonb_set(definition, '{trigger}', ${sql.json(trigger as never)}), plan
    from public.workflow_versions where workflow_id = ${workflow.id} limit 1`;

  it('becomes a schedule of its workflow, and starts it', async () => {
    const workflow = await publishTrigger({
      ...daily,
      missedPolicy: 'all',
      missedLimit: 3,
      overlapPolicy: 'skip',
    });
    expect(await own(workflow)).toMatchObject({
      cron: '0 9 * * *',
      missed_policy: 'all',
      overlap_policy: 'skip',
      next_run_at: new Date('2026-03-11T08:00:00Z'),
    });
    await setClock(sql, '2026-03-11T08:00:00Z');
    await sweep(sql);
    expect(await startedAt(sql, workflow)).toEqual(['2026-03-11T08:00:00.000Z']);
  });

  it.each([{ every: '1h30m' }, { at: '2026-12-24 18:00' }])('may be %j', async (when) => {
    const row = await own(await publishTrigger({ type: 'schedule', ...when }));
    expect(row?.next_run_at?.toISOString()).toMatch(/^2026-(03-10T13:00:0|12-24T18:00:0)/);
  });

  it('that is over when it is published does nothing', async () => {
    const row = await own(await publishTrigger({ type: 'schedule', at: '2020-01-01T00:00:00Z' }));
    expect(row?.next_run_at).toBeNull();
  });

  it('published again keeps its row, its next run and what was set by hand', async () => {
    const workflow = await publishTrigger({ type: 'schedule', every: '1h' });
    const before = await own(workflow);
    await sql`update public.scheduled_workflows set overlap_policy = 'queue', input = '{"a": 1}'`;
    await setClock(sql, '2026-03-10T12:15:00Z');
    await republish(workflow, { type: 'schedule', every: '60m' });
    expect(await own(workflow)).toMatchObject({
      id: before?.id,
      next_run_at: before?.next_run_at,
      overlap_policy: 'queue',
      input: { a: 1 },
    });
    await republish(workflow, daily);
    expect(await own(workflow)).toMatchObject({
      id: before?.id,
      next_run_at: new Date('2026-03-11T08:00:00Z'),
    });
  });

  it('published as another kind of trigger takes the schedule away, and no other', async () => {
    const workflow = await publishTrigger(daily);
    const byHand = await schedule(sql, workflow, { cron: '0 10 * * *' });
    await republish(workflow, { type: 'manual' });
    expect(await own(workflow)).toBeUndefined();
    expect(await scheduleRow(sql, byHand)).toMatchObject({ suspended_at: null });
  });

  it('rests while its workflow is archived', async () => {
    const workflow = await publishTrigger(daily);
    await sql`update public.workflows set status = 'archived' where id = ${workflow.id}`;
    expect(await own(workflow)).toMatchObject({ suspended_at: expect.any(Date), next_run_at: null });
    await sql`update public.workflows set status = 'active' where id = ${workflow.id}`;
    expect(await own(workflow)).toMatchObject({
      suspended_at: null,
      next_run_at: new Date('2026-03-11T08:00:00Z'),
    });
  });
});

describe('refused is a schedule', () => {
  it.each([
    [{ cron: '0 25 * * *' }, 'invalid_cron'],
    [{ cron: '0 9 * * *', timezone: 'Europe/Nowhere' }, 'invalid_timezone'],
    [{ every: '1 second' }, 'invalid_duration'],
    [{ every: '1 month' }, 'invalid_duration'],
    [{}, 'invalid_schedule'],
    [{ every: '1 hour', cron: '0 9 * * *' }, 'invalid_schedule'],
    [{ at: '2020-01-01T00:00:00Z' }, 'schedule_over'],
  ])('%j: %s', async (values, detail) => {
    await expect(schedule(sql, await publishChain(sql), values)).rejects.toMatchObject({ detail });
  });

  it('of a workflow that nobody has published', async () => {
    const [draft] = await sql<{ id: string }[]>`
      insert into public.workflows (organization_id, name) values (gen_random_uuid(), 'Draft') returning id`;
    await expect(schedule(sql, { id: draft?.id ?? '' }, { every: '1 hour' })).rejects.toMatchObject({
      detail: 'workflow_not_active',
    });
  });
});
