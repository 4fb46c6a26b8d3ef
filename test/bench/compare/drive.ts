import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from './peer.ts';

/** How many of some executions have ended, and how many of them badly. */
export interface Progress {
  succeeded: number;
  failed: number;
}

/** An engine whose executions are started here and run elsewhere: in a worker that finds them in the database. */
export interface Queued {
  /** Starts one execution in a transaction of its own. @returns its id */
  start(): Promise<string>;
  progress(ids: string[]): Promise<Progress>;
}

/** How often the end is looked for, in milliseconds. */
const watchAloneEvery = 3;
const watchManyEvery = 20;

/** Starts everything with so many clients, then waits for the end; or one after the other when there is one client. */
export async function driveQueued(queued: Queued, executions: number, concurrency: number): Promise<Run> {
  if (concurrency === 1) {
    return oneByOne(executions, async () => ended(queued, [await queued.start()], watchAloneEvery));
  }
  const began = performance.now();
  const ids: string[] = [];
  await inParallel(executions, concurrency, async () => {
    ids.push(await queued.start());
  });
  await ended(queued, ids, watchManyEvery);
  return { seconds: (performance.now() - began) / 1000, latencies: [] };
}

/** For an engine that runs an execution within the call: so many calls at once. */
export async function driveCalls(
  call: () => Promise<unknown>,
  executions: number,
  concurrency: number,
): Promise<Run> {
  return concurrency === 1 ? oneByOne(executions, call) : together(call, executions, concurrency);
}

/** Only how long all of it takes, with so many clients. */
export async function together(work: () => Promise<unknown>, times: number, clients: number): Promise<Run> {
  const began = performance.now();
  await inParallel(times, clients, work);
  return { seconds: (performance.now() - began) / 1000, latencies: [] };
}

async function inParallel(times: number, clients: number, work: () => Promise<unknown>): Promise<void> {
  let left = times;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: Math.min(clients, times) }, client));
}

async function oneByOne(executions: number, work: () => Promise<unknown>): Promise<Run> {
  const latencies: number[] = [];
  for (let index = 0; index < executions; index += 1) {
    const began = performance.now();
    await work();
    latencies.push(performance.now() - began);
  }
  return { seconds: latencies.reduce((sum, each) => sum + each, 0) / 1000, latencies };
}

async function ended(queued: Queued, ids: string[], everyMs: number): Promise<void> {
  while (true) {
    const { succeeded, failed } = await queued.progress(ids);
    if (failed > 0) throw new Error(`${failed} of ${ids.length} executions failed`);
    if (succeeded === ids.length) return;
    await sleep(everyMs);
  }
}
