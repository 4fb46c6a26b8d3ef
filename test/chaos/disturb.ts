import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../supabase/local/processes.ts';
import type { Environment } from './environment.ts';
import { persistently } from './persist.ts';

/** How often each disturbance has struck. */
export interface Disturbances {
  kills: number;
  terminations: number;
  restarts: number;
  crashes: number;
}

export interface Disturber {
  count: Disturbances;
  /** Ends the disturbance, not the engine's own sweep. */
  calm(): Promise<void>;
  stop(): Promise<void>;
}

const killEvery = 200;
const terminateEvery = 1_000;
const restartEvery = 8_000;
const sweepEvery = 1_000;
const decideEvery = 1_000;

/** Kills workers, ends their connections and restarts Postgres; sweeps as pg_cron would, and decides approvals. */
export function disturb(environment: Environment, onFailure: (error: Error) => void): Disturber {
  const { fleet, adminSql, sql, platform } = environment;
  const count: Disturbances = { kills: 0, terminations: 0, restarts: 0, crashes: 0 };
  const calming = new AbortController();
  const stopping = new AbortController();

  const kill = async () => {
    if (await fleet.kill()) count.kills += 1;
  };
  const terminate = async () => {
    const ended = await adminSql`
      select pg_terminate_backend(pid) from (
        select pid from pg_stat_activity where application_name = 'workflow-worker' order by random() limit 4) chosen`;
    count.terminations += ended.length;
  };
  // In turn: a fast shutdown, and a crash from which Postgres has to recover.
  const restart = async () => {
    const pid = platform.state().pids.postgres;
    if (!pid || !isAlive(pid)) return;
    const isCrash = count.restarts > count.crashes;
    process.kill(pid, isCrash ? 'SIGQUIT' : 'SIGINT');
    count[isCrash ? 'crashes' : 'restarts'] += 1;
  };
  const regularly = (milliseconds: number, work: () => Promise<unknown>, signal: AbortSignal) =>
    every(milliseconds, work, signal).catch(onFailure);
  const disturbances = [
    regularly(killEvery, kill, calming.signal),
    regularly(terminateEvery, () => persistently(terminate, calming.signal), calming.signal),
    regularly(restartEvery, restart, calming.signal),
  ];
  const sweeping = regularly(
    sweepEvery,
    () => persistently(() => sql`select workflow.sweep()`, stopping.signal),
    stopping.signal,
  );
  const deciding = regularly(
    decideEvery,
    () => persistently(() => decide(environment), stopping.signal),
    stopping.signal,
  );
  const calm = async () => {
    calming.abort();
    await Promise.all(disturbances);
  };
  return {
    count,
    calm,
    async stop() {
      stopping.abort();
      await Promise.all([calm(), sweeping, deciding]);
    },
  };
}

/** Approves whatever is asked, as people do. */
async function decide({ sql, userId }: Environment): Promise<void> {
  const open = await sql`select id from public.approval_requests where status = 'pending'`;
  for (const { id } of open) {
    await sql`insert into public.approval_decisions (request_id, user_id, decision)
      values (${id}, ${userId}, 'approve')`.catch((error) => {
      if (!['already_decided', 'approval_closed'].includes(error.detail)) throw error;
    });
  }
}

/** Does something regularly until the signal fires; the first time after one interval. */
async function every(milliseconds: number, work: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  while (true) {
    await sleep(milliseconds, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    await work().catch((error) => {
      if (!signal.aborted) throw error;
    });
  }
}
