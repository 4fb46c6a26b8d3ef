import postgres, { type Sql } from 'postgres';
import { messageOf } from '../errors.ts';

/** What a run needs of a row of `cron.job`. */
export interface Job {
  id: string;
  schedule: string;
  command: string;
  database: string;
  username: string;
  active: boolean;
}

/**
 * Runs a job once, on a connection of its own, as the role that scheduled it, and keeps its row of `cron.job_run_details`.
 * @param dbUrl the database as superuser
 * @param bookkeeping where the details are written
 * @throws only when the details cannot be written
 */
export async function runJob(job: Job, dbUrl: string, bookkeeping: Sql): Promise<void> {
  const [{ runid } = { runid: '' }] = await bookkeeping`
    insert into cron.job_run_details (jobid, database, username, command, status)
    values (${job.id}, ${job.database}, ${job.username}, ${job.command}, 'starting') returning runid::text`;
  const url = new URL(dbUrl);
  url.pathname = `/${job.database}`;
  const connection = postgres(url.href, {
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: 60,
    connection: { application_name: 'pg_cron' },
    onnotice: () => {},
  });
  try {
    const pid = await becomeRole(connection, job.username);
    await bookkeeping`
      update cron.job_run_details set status = 'running', job_pid = ${pid}, start_time = clock_timestamp()
      where runid = ${runid}`;
    const message = describe(await connection.unsafe(job.command).simple());
    await finish(bookkeeping, runid, 'succeeded', message);
  } catch (error) {
    await finish(bookkeeping, runid, 'failed', failureOf(error));
  } finally {
    await connection.end({ timeout: 1 }).catch(() => {});
  }
}

/** Takes on a role with its settings, as if it had logged in. Returns the backend's process id. */
async function becomeRole(connection: Sql, role: string): Promise<number> {
  const [{ pid } = { pid: 0 }] = await connection<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const settings = await connection<{ name: string; value: string }[]>`
    select split_part(setting, '=', 1) as name, substr(setting, strpos(setting, '=') + 1) as value
    from pg_db_role_setting s, unnest(s.setconfig) as setting
    where s.setrole = (select oid from pg_roles where rolname = ${role})
      and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    order by s.setdatabase`;
  for (const { name, value } of settings) await connection`select set_config(${name}, ${value}, false)`;
  await connection.unsafe(`set session authorization "${role.replaceAll('"', '""')}"`);
  return pid;
}

async function finish(bookkeeping: Sql, runid: string, status: string, message: string): Promise<void> {
  await bookkeeping`
    update cron.job_run_details set status = ${status}, return_message = ${message}, end_time = clock_timestamp(),
      start_time = coalesce(start_time, clock_timestamp())
    where runid = ${runid}`;
}

/** pg_cron's message of a success: the number of rows, or the command's tag; of the last statement. */
function describe(result: unknown): string {
  const results = result as { command?: string; count: number | null }[] & { command?: string };
  const last = (results.command === undefined ? results.at(-1) : results) as {
    command?: string;
    count: number | null;
  };
  const { command = '', count } = last ?? { count: null };
  if (command === 'SELECT') return `${count} row${count === 1 ? '' : 's'}`;
  if (command === 'INSERT') return `INSERT 0 ${count}`;
  return count === null ? command : `${command} ${count}`;
}

function failureOf(error: unknown): string {
  if (!(error instanceof postgres.PostgresError)) return messageOf(error);
  const lines = [`${error.severity}:  ${error.message}`];
  if (error.detail) lines.push(`DETAIL:  ${error.detail}`);
  if (error.hint) lines.push(`HINT:  ${error.hint}`);
  if (error.where) lines.push(`CONTEXT:  ${error.where}`);
  return lines.join('\n');
}
