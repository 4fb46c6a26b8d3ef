import type { Sql } from 'postgres';
import { messageOf } from '../errors.ts';
import { type Log, stayConnected } from '../stay-connected.ts';
import { type Job, runJob } from './run.ts';
import { isReboot, parseSchedule, type Schedule } from './schedule.ts';

const mostAtOnce = 32;
/** The timer never sleeps longer, so that a suspended machine or a changed clock is noticed. */
const longestSleep = 1_000;

interface Task {
  job: Job;
  schedule: Schedule;
  /** When the next run becomes pending, in ms since 1970. */
  due: number;
  pending: number;
  running: boolean;
}

/**
 * Runs the jobs of `cron.job` the way pg_cron does: a job never overlaps itself (a run that comes due meanwhile waits),
 * at most 32 jobs run at once, an interval counts from the start of the last run, and a job that is due while the
 * database is away is not made up for.
 * @param options.dbUrl the database as superuser
 */
export async function startPgCron(options: { dbUrl: string; log: Log }): Promise<{ stop(): Promise<void> }> {
  const ticker = new Ticker(options.dbUrl, options.log);
  const connection = stayConnected({
    dbUrl: options.dbUrl,
    name: 'pg_cron',
    log: options.log,
    onNotify: () => void ticker.reload(),
    onConnected: (sql) => ticker.attach(sql),
    onLost: () => ticker.detach(),
  });
  return { stop: () => connection.stop() };
}

class Ticker {
  readonly #tasks = new Map<string, Task>();
  #sql: Sql | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #bootedAt = '';

  constructor(
    readonly dbUrl: string,
    readonly log: Log,
  ) {}

  async attach(sql: Sql): Promise<void> {
    await sql`listen pg_cron`;
    const [{ booted_at } = { booted_at: '' }] =
      await sql`select pg_postmaster_start_time()::text as booted_at`;
    this.#sql = sql;
    for (const task of this.#tasks.values())
      Object.assign(task, { pending: 0, due: task.schedule(Date.now()) });
    if (await isInstalled(sql)) await failInterrupted(sql);
    await this.reload(booted_at !== this.#bootedAt);
    this.#bootedAt = booted_at;
  }

  detach(): void {
    this.#sql = undefined;
    clearTimeout(this.#timer);
  }

  /** Reads `cron.job` again, keeping the state of jobs that are the same. */
  async reload(booted = false): Promise<void> {
    const sql = this.#sql;
    try {
      if (!sql || !(await isInstalled(sql))) return;
      const jobs = await sql<Job[]>`
        select jobid::text as id, schedule, command, database, username, active from cron.job`;
      if (sql === this.#sql) this.#replace(jobs, booted);
    } catch (error) {
      if (sql === this.#sql) this.log(`pg_cron: ${messageOf(error)}`);
    }
  }

  #replace(jobs: Job[], booted: boolean): void {
    const present = new Set(jobs.map((job) => job.id));
    for (const id of this.#tasks.keys()) if (!present.has(id)) this.#tasks.delete(id);
    for (const job of jobs) {
      const task = this.#tasks.get(job.id);
      if (task?.job.schedule === job.schedule && task.job.active === job.active) task.job = job;
      else this.#add(job, task);
    }
    if (booted) {
      for (const task of this.#tasks.values()) if (isReboot(task.job.schedule)) task.pending = 1;
    }
    this.#tick();
  }

  #add(job: Job, before: Task | undefined): void {
    try {
      const schedule = parseSchedule(job.schedule);
      this.#tasks.set(job.id, {
        job,
        schedule,
        due: schedule(Date.now()),
        pending: 0,
        running: before?.running ?? false,
      });
    } catch (error) {
      this.log(`pg_cron: job ${job.id} never runs: ${messageOf(error)}`);
    }
  }

  #tick(): void {
    clearTimeout(this.#timer);
    if (!this.#sql) return;
    const now = Date.now();
    let next = now + longestSleep;
    for (const task of this.#tasks.values()) {
      if (!task.job.active) continue;
      if (task.due <= now) {
        task.pending++;
        task.due = task.schedule(now);
      }
      if (task.pending > 0 && !task.running && this.#running < mostAtOnce) void this.#start(task, now);
      next = Math.min(next, task.due);
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(next - now, 1));
  }

  async #start(task: Task, now: number): Promise<void> {
    const sql = this.#sql;
    if (!sql) return;
    task.pending = isInterval(task) ? 0 : task.pending - 1;
    if (isInterval(task)) task.due = task.schedule(now);
    task.running = true;
    this.#running++;
    try {
      await runJob(task.job, this.dbUrl, sql);
    } catch (error) {
      if (sql === this.#sql) this.log(`pg_cron: job ${task.job.id}: ${messageOf(error)}`);
    } finally {
      this.#running--;
      const current = this.#tasks.get(task.job.id);
      if (current) current.running = false;
      this.#tick();
    }
  }
}

/** As pg_cron does after a restart: what was under way has failed. */
async function failInterrupted(sql: Sql): Promise<void> {
  await sql`
    update cron.job_run_details set status = 'failed', return_message = 'server restarted', end_time = clock_timestamp()
    where status in ('starting', 'running')`;
}

async function isInstalled(sql: Sql): Promise<boolean> {
  const [row] = await sql`select to_regclass('cron.job') is not null as installed`;
  return row?.installed === true;
}

function isInterval(task: Task): boolean {
  return /seconds?$/i.test(task.job.schedule.trim());
}
