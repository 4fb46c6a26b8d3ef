import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPgCron } from '../../supabase/local/pg-cron/ticker.ts';
import { Inbox, type OwnDatabase, startOwnDatabase } from './own-database.ts';

interface Run {
  job_pid: number | null;
  username: string;
  status: string;
  return_message: string;
  start_time: Date;
  end_time: Date;
}

let database: OwnDatabase;
let sql: Sql;
let clerk: Sql;
let ticker: { stop(): Promise<void> };
const logged: string[] = [];

beforeAll(async () => {
  database = await startOwnDatabase();
  sql = database.sql;
  ticker = await startPgCron({ dbUrl: database.adminUrl, log: (line) => logged.push(line) });
  await sql`create extension pg_cron`;
  await sql`create role clerk login password 'clerk'`;
  await sql`grant usage on schema cron to clerk`;
  clerk = postgres(database.url.replace('postgres:postgres', 'clerk:clerk'), { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await ticker?.stop();
  await clerk?.end({ timeout: 1 });
  await database?.stop();
});

async function schedule(name: string, when: string, command: string, as = sql): Promise<string> {
  const [row] = await as`select cron.schedule(${name}, ${when}, ${command}) as id`;
  return row?.id;
}

const unschedule = (name: string, as = sql) => as`select cron.unschedule(${name}::text)`;

/** A channel on which jobs speak. */
async function channel(name: string) {
  const heard = new Inbox<string>();
  await sql.listen(name, heard.add);
  return {
    heard,
    /** The command of a job that says the value of an SQL expression. */
    say: (expression: string) => `select pg_notify('${name}', ${expression})`,
    /** Waits until something is said that was not being said before. */
    async until(text: string): Promise<void> {
      while ((await heard.next()) !== text);
    },
  };
}

/** Waits until a job has so many ended runs, oldest first. */
async function runsOf(id: string, count: number): Promise<Run[]> {
  return vi.waitFor(
    async () => {
      const ended = await sql<Run[]>`
        select * from cron.job_run_details where jobid = ${id} and end_time is not null order by runid`;
      if (ended.length < count) throw new Error(`job ${id} has ended ${ended.length} of ${count} runs`);
      return ended;
    },
    { timeout: 8000, interval: 50 },
  );
}

// The slowest first: five run at once.
describe.concurrent('a job', () => {
  it('waits its interval first and between two starts', async () => {
    // Above 1,500 ms it is no job of one second; the clock of the start is a few milliseconds off the timer.
    const before = new Date();
    const [first, second] = await runsOf(await schedule('interval', '2 seconds', 'select 1'), 2);
    await unschedule('interval');
    const gap = (from?: Date, to?: Date) => (to?.getTime() ?? 0) - (from?.getTime() ?? 0);
    expect(gap(before, first?.start_time)).toBeGreaterThan(1500);
    expect(gap(first?.start_time, second?.start_time)).toBeGreaterThan(1500);
  });

  it('never overlaps itself, and starts late rather than never', async () => {
    const runs = await runsOf(await schedule('slow', '1 second', 'select pg_sleep(1.3)'), 2);
    await unschedule('slow');
    expect(runs[1]?.start_time.getTime()).toBeGreaterThanOrEqual(runs[0]?.end_time.getTime() ?? 0);
  });

  it('is forgotten when it is unscheduled, by name or by id', async () => {
    const { heard, say, until } = await channel('gone');
    const byId = await schedule('by id', '1 second', say(`'gone'`));
    await schedule('by name', '1 second', say(`'gone'`));
    await heard.take(2);
    await sql`select cron.unschedule(${byId}::bigint)`;
    await unschedule('by name');
    // Runs that were under way may still speak; after the first mark nothing may.
    await schedule('gone mark', '1 second', say(`'mark'`));
    await until('mark');
    expect(await heard.take(2)).toEqual(['mark', 'mark']);
    await unschedule('gone mark');
    await expect(unschedule('by name')).rejects.toThrow("could not find valid entry for job 'by name'");
  });

  it('does not run while it is inactive, and is altered in place', async () => {
    const { heard, say, until } = await channel('altered');
    const id = await schedule('altered', '1 second', say(`'before'`));
    await heard.next();
    await sql`select cron.alter_job(${id}, active => false)`;
    await schedule('altered mark', '1 second', say(`'mark'`));
    await until('mark');
    expect(await heard.next()).toBe('mark');
    await sql`select cron.alter_job(${id}, command => ${say(`'after'`)}, active => true)`;
    await until('after');
    await expect(clerk`select cron.alter_job(${id}, active => false)`).rejects.toThrow('you don');
    await Promise.all([unschedule('altered'), unschedule('altered mark')]);
  });

  it('is replaced when its name is scheduled again', async () => {
    const { heard, say, until } = await channel('same');
    const first = await schedule('same', '1 second', say(`'old'`));
    await heard.next();
    expect(await schedule('same', '1 second', say(`'new'`))).toBe(first);
    await until('new');
    expect(await heard.next()).toBe('new');
    expect(await sql`select jobid::text, command from cron.job where jobname = 'same'`).toEqual([
      { jobid: first, command: say(`'new'`) },
    ]);
    await unschedule('same');
  });

  it('runs every second as the role that scheduled it, and writes its details', async () => {
    const { heard, say } = await channel('roles');
    const text = `session_user || ' ' || current_user`;
    const ours = await schedule('ours', '1 second', say(`'ours ' || ${text}`));
    const theirs = await schedule('theirs', '1 second', say(`'theirs ' || ${text}`), clerk);
    const spoken = await heard.take(4);
    await unschedule('ours');
    await unschedule('theirs', clerk);
    expect([...new Set(spoken)].sort()).toEqual(['ours postgres postgres', 'theirs clerk clerk']);
    const [run] = await runsOf(ours, 1);
    expect(run).toMatchObject({ username: 'postgres', status: 'succeeded', return_message: '1 row' });
    expect(run?.job_pid).toBeGreaterThan(0);
    expect(run?.end_time.getTime()).toBeGreaterThanOrEqual(run?.start_time.getTime() ?? 0);
    expect((await runsOf(theirs, 1))[0]).toMatchObject({ username: 'clerk', status: 'succeeded' });
  });

  it('has the settings of its role, such as the search path', async () => {
    const { heard, say } = await channel('settings');
    await schedule('settings', '1 second', say(`current_setting('search_path')`));
    expect(await heard.next()).toBe('"$user", public, extensions');
    await unschedule('settings');
  });

  it('that fails leaves its error, and its transaction undone', async () => {
    await sql`create table public.notes (text text)`;
    const id = await schedule('broken', '1 second', `insert into notes values ('x'); select 1 / 0`);
    const [run] = await runsOf(id, 1);
    await unschedule('broken');
    expect(run).toMatchObject({ status: 'failed', return_message: 'ERROR:  division by zero' });
    expect(await sql`select * from public.notes`).toEqual([]);
  });

  it('may hold several statements; the last one is reported', async () => {
    await sql`create table public.counters (n int)`;
    const id = await schedule('several', '1 second', 'insert into counters values (1); delete from counters');
    const [run] = await runsOf(id, 1);
    await unschedule('several');
    expect(run).toMatchObject({ status: 'succeeded', return_message: 'DELETE 1' });
  });
});

describe('the table of jobs', () => {
  it('has a job of one name for each role, and shows a role its own', async () => {
    const ours = await schedule('shared name', '@daily', 'select 1');
    expect(await schedule('shared name', '@daily', 'select 1', clerk)).not.toBe(ours);
    expect(await clerk`select username from cron.job`).toEqual([{ username: 'clerk' }]);
    await unschedule('shared name', clerk);
    expect(await sql`select username from cron.job where jobname = 'shared name'`).toEqual([
      { username: 'postgres' },
    ]);
  });

  it('is written by postgres only through the functions', async () => {
    for (const statement of [
      `insert into cron.job (schedule, command) values ('* * * * *', 'select 1')`,
      `update cron.job set command = 'select 2'`,
      `delete from cron.job`,
    ]) {
      await expect(sql.unsafe(statement), statement).rejects.toMatchObject({ code: '42501' });
    }
    await sql`delete from cron.job_run_details where end_time < now() - interval '7 days'`;
  });

  it('takes no job for another role from anyone but a superuser', async () => {
    const foreign = sql`
      select cron.schedule_in_database('foreign', '@daily', 'select 1', 'postgres', 'supabase_admin')`;
    await expect(foreign).rejects.toThrow('must be superuser');
  });

  it.each([
    ...['60 seconds', '0 seconds', '* * * *', '61 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *'],
    ...['* * * * 8', '5-1 * * * *', '*/0 * * * *', '5/15 * * * *', '@restart', 'often', ''],
  ])('refuses the schedule "%s"', async (when) => {
    await expect(schedule('bad', when, 'select 1')).rejects.toMatchObject({
      code: '22023',
      message: `invalid schedule: ${when}`,
    });
  });

  it.each(['59 seconds', '*/5 0-6/2 1,15 jan-mar mon-fri', '0 0 $ * *', '0 12 * * 7', '@hourly', '@reboot'])(
    'takes the schedule "%s"',
    async (when) => {
      expect(await schedule('good', when, 'select 1')).toMatch(/^\d+$/);
      expect(logged.filter((line) => line.includes('never runs'))).toEqual([]);
    },
  );
});

it('goes on after a restart of the database, and marks what the restart has cut off as failed', async () => {
  const { heard, say } = await channel('cut');
  const cut = await schedule('cut', '1 second', `${say(`'under way'`)}; commit; select pg_sleep(60)`);
  await heard.next();
  const boot = await schedule('boot', '@reboot', 'select 1');
  await database.restart();
  const restarted = Date.now();
  expect((await runsOf(cut, 1))[0]).toMatchObject({ status: 'failed', return_message: 'server restarted' });
  expect((await runsOf(boot, 1))[0]).toMatchObject({ status: 'succeeded' });
  const [run] = await runsOf(await schedule('steady', '1 second', 'select 1'), 1);
  expect(run?.status).toBe('succeeded');
  expect(run?.start_time.getTime()).toBeGreaterThan(restarted);
}, 15_000);
