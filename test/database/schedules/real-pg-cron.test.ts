import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type SystemDatabase,
  startSystemDatabase,
  systemPostgresWithCron,
} from '../../support/system-postgres.ts';
import { describeSchedules } from './suite.ts';
import { publishChain, schedule, setClock, startedAt } from './support.ts';

// The same schedules on the real pg_cron, where this system has one.

const version = systemPostgresWithCron();
if (!version)
  console.warn(
    '\nLEFT OUT: schedules on the real pg_cron. `apt-get install postgresql-15-cron` brings one.\n',
  );

describe.skipIf(!version)('on the real pg_cron', async () => {
  // Not in a hook: the tests of the suite are described with the connection.
  const database: SystemDatabase = version ? await startSystemDatabase(version) : (undefined as never);
  const sql = database?.sql;

  beforeAll(async () => {
    // The suite sweeps by itself.
    await sql`select cron.alter_job(jobid, active => false) from cron.job`;
  });
  afterAll(() => database?.stop());

  describeSchedules(sql);

  it('one job drives them, every minute where pg_cron knows no seconds', async () => {
    const [job] = await sql`select schedule, command, username from cron.job`;
    const [{ extversion = '' } = {}] =
      await sql`select extversion from pg_extension where extname = 'pg_cron'`;
    const seconds = Number(extversion.split('.')[0]) > 1 || Number(extversion.split(/[.-]/)[1]) >= 5;
    expect(job).toEqual({
      schedule: seconds ? '10 seconds' : '* * * * *',
      command: 'select workflow.sweep()',
      username: 'postgres',
    });
  });

  it('what is due runs when pg_cron runs the job, missed runs of an outage included', async () => {
    const workflow = await publishChain(sql);
    await schedule(sql, workflow, { cron: '0 * * * *', missed_policy: 'all' });
    await setClock(sql, '2026-03-10T14:30:00Z');
    // A job of the start runs at once, where one of the clock would have to be waited for.
    await sql`select cron.schedule('at the start', '@reboot', (select command from cron.job where jobname = 'workflow-sweep'))`;
    await database.restart();
    await vi.waitFor(async () => expect(await startedAt(sql, workflow)).toHaveLength(3), {
      timeout: 20_000,
      interval: 100,
    });
    expect(await startedAt(sql, workflow)).toEqual(
      ['12', '13', '14'].map((hour) => `2026-03-10T${hour}:00:00.000Z`),
    );
    await vi.waitFor(
      async () =>
        expect(await sql`select status, return_message from cron.job_run_details`).toMatchObject([
          { status: 'succeeded' },
        ]),
      { timeout: 5000, interval: 100 },
    );
  });
});
