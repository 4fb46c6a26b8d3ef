import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './environment.ts';
import type { Options } from './options.ts';
import { persistently } from './persist.ts';
import type { Starter } from './start.ts';

/** Milliseconds between two starts. */
const pace = 40;
/** With more than this many under way, or a quarter of those asked for, no execution is added. */
const enough = 40;

/** Starts what was asked for, and more for as long as `wantsMore` says so. */
export async function startAll(
  environment: Environment,
  starter: Starter,
  { executions }: Options,
  wantsMore: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && starter.started() < executions) {
    await starter.start(signal);
    await sleep(pace);
  }
  const most = Math.min(enough, Math.ceil(executions / 4));
  while (!signal.aborted && wantsMore()) {
    for (let room = most - (await underWay(environment, signal)); room > 0; room -= 1)
      await starter.start(signal);
    await sleep(1_000);
  }
}

/** How many executions have not ended. */
export async function underWay({ sql }: Environment, signal: AbortSignal): Promise<number> {
  const count = () => sql<{ count: number }[]>`
    select count(*)::int as count from public.workflow_executions where status in ('queued', 'running', 'waiting')`;
  const [row] = await persistently(count, signal);
  return row?.count ?? 0;
}
