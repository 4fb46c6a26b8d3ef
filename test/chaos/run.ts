import { setTimeout as sleep } from 'node:timers/promises';
import { disturb } from './disturb.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { gather } from './findings.ts';
import type { Options } from './options.ts';
import { persistently } from './persist.ts';
import { startAll, underWay } from './progress.ts';
import { randomNumbers } from './random.ts';
import { conclude, hitsOf, type Result } from './result.ts';
import { createStarter, publishShapes } from './start.ts';

/** Disturbance ends after this part of the time limit, so that what has been started can end. */
const disturbedPart = 0.75;

/**
 * The whole run: starts executions, disturbs them until all have ended, and counts.
 *
 * @param say is told how it goes, one line at a time
 */
export async function run(options: Options, say: (line: string) => void): Promise<Result> {
  const failure = new AbortController();
  const fail = (error: Error) => failure.abort(error);
  const failed = new Promise<never>((_, reject) => {
    failure.signal.addEventListener('abort', () => reject(failure.signal.reason));
  });
  failed.catch(() => {});
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => fail(new Error(`Ended by ${signal}.`)));
  }
  const environment = await startEnvironment(options, randomNumbers(options.seed), fail);
  try {
    return await Promise.race([runIn(environment, options, say, fail), failed]);
  } finally {
    await environment.stop();
  }
}

async function runIn(
  environment: Environment,
  options: Options,
  say: (line: string) => void,
  fail: (error: Error) => void,
): Promise<Result> {
  const { fleet } = environment;
  const starter = createStarter(environment, await publishShapes(environment));
  const limit = AbortSignal.timeout(options.seconds * 1_000);
  const calmness = AbortSignal.timeout(options.seconds * 1_000 * disturbedPart);
  const disturber = disturb(environment, fail);
  calmness.addEventListener('abort', () => void disturber.calm());
  try {
    const lacksHits = () => Object.values(hitsOf(fleet, 'kill')).some((hits) => hits < options.hits);
    let starting = true;
    const started = startAll(environment, starter, options, () => !calmness.aborted && lacksHits(), limit)
      .catch(fail)
      .finally(() => {
        starting = false;
      });
    const began = Date.now();
    for (let said = -Infinity; !limit.aborted; ) {
      const open = await underWay(environment, limit);
      const seconds = Math.round((Date.now() - began) / 1_000);
      if (seconds - said >= 5) {
        said = seconds;
        say(`${seconds} s: ${starter.started()} started, ${open} under way, ${disturber.count.kills} kills`);
      }
      if (!starting && open === 0) break;
      await sleep(1_000);
    }
    await started;
    await disturber.calm();
    const findings = await persistently(() => gather(environment));
    return conclude(environment, options, findings, starter.started(), disturber.count);
  } finally {
    await disturber.stop();
  }
}
