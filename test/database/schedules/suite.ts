import type { Sql } from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chain, execution, publish } from '../../support/engine.ts';
import { endAll, publishChain, schedule, scheduleRow, setClock, startedAt, sweep } from './support.ts';

/**
 * What schedules promise, on any database.
 * @param sql as role `postgres`; nobody else sweeps there
 */
export function describeSchedules(sql: Sql): void {
  beforeEach(() => setClock(sql, '2026-03-10T11:30:00Z'));

  afterEach(async () => {
    await sql`truncate public.workflow_executions, public.scheduled_workflows cascade`;
    await sql`update workflow.settings set clock_offset = '0'`;
  });

  describe('a schedule', () => {
    it('starts its workflow when it is due and not before, with its input', async () => {
      const workflow = await publishChain(sql);
      const { id, next_run_at } = await schedule(sql, workflow, {
        name: 'Noon',
        cron: '0 12 * * *',
        input: sql.json({ list: 'daily' }),
      });
      expect(next_run_at).toEqual(new Date('2026-03-10T12:00:00Z'));
      await setClock(sql, '2026-03-10T11:59:58Z');
      expect(await sweep(sql)).toBe(0);
      await setClock(sql, '2026-03-10T12:00:00Z');
      expect([await sweep(sql), await sweep(sql)]).toEqual([1, 0]);
      const row = await scheduleRow(sql, { id });
      expect(row.next_run_at).toEqual(new Date('2026-03-11T12:00:00Z'));
      const [{ last_execution_id = '' } = {}] =
        await sql`select last_execution_id from public.scheduled_workflows`;
      expect(await execution(sql, last_execution_id)).toMatchObject({
        workflow_id: workflow.id,
        status: 'running',
        input: { list: 'daily' },
        trigger: {
          type: 'schedule',
          schedule_id: id,
          name: 'Noon',
          scheduled_at: '2026-03-10T12:00:00+00:00',
        },
      });
    });

    it('with `at` runs once', async () => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, { at: '2026-03-10T12:00:00Z' });
      await setClock(sql, '2026-03-10T12:00:01Z');
      expect([await sweep(sql), (await scheduleRow(sql, row)).next_run_at]).toEqual([1, null]);
      await setClock(sql, '2027-03-10T12:00:01Z');
      expect(await sweep(sql)).toBe(0);
    });

    it('with `every` keeps its distance from when it was made, however late a sweep is', async () => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, { every: '30 minutes' });
      const first = row.next_run_at?.getTime() ?? 0;
      expect(Math.abs(first - Date.parse('2026-03-10T12:00:00Z'))).toBeLessThan(30_000);
      await setClock(sql, '2026-03-10T12:01:30Z');
      expect(await sweep(sql)).toBe(1);
      expect((await scheduleRow(sql, row)).next_run_at?.getTime()).toBe(first + 30 * 60_000);
    });

    it('at two thirty in Berlin runs at three when the clock goes forward, and once when it goes back', async () => {
      const workflow = await publishChain(sql);
      await setClock(sql, '2026-03-29T00:50:00Z');
      const row = await schedule(sql, workflow, { cron: '30 2 * * *', timezone: 'Europe/Berlin' });
      await setClock(sql, '2026-03-29T01:00:00Z');
      await sweep(sql);
      await sql`update public.scheduled_workflows set next_run_at = '2026-10-25T00:30:00Z' where id = ${row.id}`;
      await setClock(sql, '2026-10-25T00:30:01Z');
      await sweep(sql);
      await setClock(sql, '2026-10-25T01:30:01Z');
      expect(await sweep(sql)).toBe(0);
      expect(await startedAt(sql, workflow)).toEqual([
        '2026-03-29T01:00:00.000Z',
        '2026-10-25T00:30:00.000Z',
      ]);
    });

    it('starts nothing twice for one due time, also when it is due again', async () => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, { cron: '0 12 * * *' });
      await setClock(sql, '2026-03-10T12:00:00Z');
      await sweep(sql);
      await sql`update public.scheduled_workflows set next_run_at = ${row.next_run_at}`;
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual(['2026-03-10T12:00:00.000Z']);
    });
  });

  describe('missed runs', () => {
    const after = '2026-03-10T17:30:00Z';

    it.each([
      [{ missed_policy: 'skip' }, []],
      [{ missed_policy: 'once' }, ['17']],
      [{ missed_policy: 'all' }, ['12', '13', '14', '15', '16', '17']],
      [{ missed_policy: 'all', missed_limit: 2 }, ['16', '17']],
    ])('of six hours under %j are made up for at %j', async (policy, hours) => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, { cron: '0 * * * *', ...policy });
      await setClock(sql, after);
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual(hours.map((hour) => `2026-03-10T${hour}:00:00.000Z`));
      expect((await scheduleRow(sql, row)).next_run_at).toEqual(new Date('2026-03-10T18:00:00Z'));
    });

    it('are not what was due less than two minutes ago: it runs under every policy', async () => {
      const workflow = await publishChain(sql);
      await schedule(sql, workflow, { cron: '0 17 * * *', missed_policy: 'skip' });
      await setClock(sql, '2026-03-10T17:01:50Z');
      expect(await sweep(sql)).toBe(1);
    });

    it('under `once` are made up for by a run that is due just now', async () => {
      const workflow = await publishChain(sql);
      await schedule(sql, workflow, { cron: '0 * * * *' });
      await setClock(sql, '2026-03-10T17:00:05Z');
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual(['2026-03-10T17:00:00.000Z']);
    });

    it('of a year of minutes are found from the end', async () => {
      const workflow = await publishChain(sql);
      await schedule(sql, workflow, { cron: '* 0-22 * * *', missed_policy: 'all', missed_limit: 3 });
      await setClock(sql, '2027-03-10T23:30:00Z');
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual(
        ['57', '58', '59'].map((minute) => `2027-03-10T22:${minute}:00.000Z`),
      );
    });
  });

  describe('while its last execution is open, a run', () => {
    const dueTwice = async (policy: string) => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, { cron: '0 * * * *', overlap_policy: policy });
      for (const hour of ['12', '13']) {
        await setClock(sql, `2026-03-10T${hour}:00:00Z`);
        await sweep(sql);
      }
      return { workflow, row };
    };

    it('is started under `allow`', async () => {
      const { workflow } = await dueTwice('allow');
      expect(await startedAt(sql, workflow)).toHaveLength(2);
    });

    it('is left out under `skip`, and the next one after its end is not', async () => {
      const { workflow } = await dueTwice('skip');
      expect(await startedAt(sql, workflow)).toHaveLength(1);
      await endAll(sql, workflow);
      await setClock(sql, '2026-03-10T14:00:00Z');
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual([
        '2026-03-10T12:00:00.000Z',
        '2026-03-10T14:00:00.000Z',
      ]);
    });

    it('waits for its end under `queue`, one after the other', async () => {
      const { workflow, row } = await dueTwice('queue');
      await setClock(sql, '2026-03-10T14:00:00Z');
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual(['2026-03-10T12:00:00.000Z']);
      expect((await scheduleRow(sql, row)).queued_runs).toHaveLength(2);
      for (const _ of ['13', '14']) {
        await endAll(sql, workflow);
        expect([await sweep(sql), await sweep(sql)]).toEqual([1, 0]);
      }
      expect(await startedAt(sql, workflow)).toEqual(
        ['12', '13', '14'].map((hour) => `2026-03-10T${hour}:00:00.000Z`),
      );
    });

    it('waits under `queue` with no more than the limit', async () => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, {
        cron: '0 * * * *',
        overlap_policy: 'queue',
        missed_limit: 2,
      });
      for (const hour of ['12', '13', '14', '15', '16']) {
        await setClock(sql, `2026-03-10T${hour}:00:00Z`);
        await sweep(sql);
      }
      expect((await scheduleRow(sql, row)).queued_runs).toEqual([
        new Date('2026-03-10T13:00:00Z'),
        new Date('2026-03-10T14:00:00Z'),
      ]);
    });
  });

  describe('a pause', () => {
    it('of the schedule itself starts nothing, and nothing of it is made up for', async () => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, { cron: '0 * * * *', missed_policy: 'all' });
      await sql`update public.scheduled_workflows set enabled = false`;
      expect((await scheduleRow(sql, row)).next_run_at).toBeNull();
      await setClock(sql, '2026-03-10T17:30:00Z');
      await sweep(sql);
      await sql`update public.scheduled_workflows set enabled = true`;
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual([]);
      expect((await scheduleRow(sql, row)).next_run_at).toEqual(new Date('2026-03-10T18:00:00Z'));
    });

    it.each([
      [{}, { missed_policy: 'all' }, ['12', '13', '14', '15', '16', '17']],
      [{}, { missed_policy: 'once' }, ['17']],
      [{}, { missed_policy: 'skip' }, []],
      [{ whenPaused: 'drop' }, { missed_policy: 'all' }, []],
    ])('of its workflow with settings %j is made up for under %j at %j', async (settings, policy, hours) => {
      const workflow = await publishChain(sql);
      const row = await schedule(sql, workflow, { cron: '0 * * * *', ...policy });
      await sql`update public.workflows set status = 'paused', settings = ${sql.json(settings)} where id = ${workflow.id}`;
      expect((await scheduleRow(sql, row)).next_run_at).toBeNull();
      await setClock(sql, '2026-03-10T17:30:00Z');
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual([]);
      await sql`update public.workflows set status = 'active' where id = ${workflow.id}`;
      await sweep(sql);
      expect(await startedAt(sql, workflow)).toEqual(hours.map((hour) => `2026-03-10T${hour}:00:00.000Z`));
      expect(await scheduleRow(sql, row)).toMatchObject({
        suspended_at: null,
        next_run_at: new Date('2026-03-10T18:00:00Z'),
      });
    });
  });

  describe('a schedule that cannot start its workflow', () => {
    it('records why, goes on to its next run, and stops no other', async () => {
      const [archived, sound] = [await publishChain(sql), await publishChain(sql)];
      const row = await schedule(sql, archived, { cron: '0 * * * *' });
      await schedule(sql, sound, { cron: '0 * * * *' });
      await sql`update public.workflows set status = 'archived' where id = ${archived.id}`;
      for (const hour of ['12', '13']) {
        await setClock(sql, `2026-03-10T${hour}:00:00Z`);
        expect(await sweep(sql)).toBe(1);
      }
      expect(await scheduleRow(sql, row)).toMatchObject({
        failures: 2,
        last_error: { code: 'workflow_not_active', message: `Workflow 'Test' is archived.` },
        next_run_at: new Date('2026-03-10T14:00:00Z'),
      });
      await sql`update public.workflows set status = 'active' where id = ${archived.id}`;
      await setClock(sql, '2026-03-10T14:00:00Z');
      await sweep(sql);
      expect(await scheduleRow(sql, row)).toMatchObject({ failures: 0, last_error: null });
    });

    it('records that its input is not what the workflow takes, and stops no other', async () => {
      const inputs = { type: 'object', properties: { count: { type: 'number' } }, required: ['count'] };
      const strict = await publish(sql, { inputs, steps: chain('one') });
      const row = await schedule(sql, strict, { cron: '0 * * * *', input: sql.json({ count: 'many' }) });
      await schedule(sql, await publishChain(sql), { cron: '0 * * * *' });
      await setClock(sql, '2026-03-10T12:00:00Z');
      expect(await sweep(sql)).toBe(1);
      expect(await scheduleRow(sql, row)).toMatchObject({
        failures: 1,
        last_error: { code: 'invalid_input' },
      });
    });

    it('records what the database says, and stops no other', async () => {
      const [broken, sound] = [await publishChain(sql), await publishChain(sql)];
      const row = await schedule(sql, broken, { cron: '0 * * * *' });
      await schedule(sql, sound, { cron: '0 * * * *' });
      // As when a zone is taken out of Postgres' list.
      await sql`alter table public.scheduled_workflows disable trigger before_update`;
      await sql`update public.scheduled_workflows set timezone = 'Europe/Nowhere' where id = ${row.id}`;
      await sql`alter table public.scheduled_workflows enable trigger before_update`;
      await setClock(sql, '2026-03-10T12:00:00Z');
      expect([await sweep(sql), await sweep(sql)]).toEqual([1, 0]);
      expect(await scheduleRow(sql, row)).toMatchObject({
        failures: 1,
        next_run_at: null,
        last_error: { code: 'schedule_failed', message: 'time zone "Europe/Nowhere" not recognized' },
      });
    });
  });
}
