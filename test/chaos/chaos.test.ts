import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { Fault } from './options.ts';
import type { Result } from './result.ts';

const command = fileURLToPath(new URL('./chaos.ts', import.meta.url));

/** Runs `npm run chaos`. @returns how it ended, and what it printed for programs */
async function chaos(
  options: Record<string, string>,
  onEnd: (stop: () => void) => void = onTestFinished,
): Promise<{ code: number | null; result: Result; failed: string[] }> {
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, ['--import', 'tsx', command, ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onEnd(() => void child.kill());
  const [printed, said, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  if (!printed) throw new Error(said);
  const result: Result = JSON.parse(printed);
  return { code, result, failed: result.checks.filter(({ ok }) => !ok).map(({ name }) => name) };
}

it('nothing is lost, stuck or done twice while workers, connections and Postgres are killed', async () => {
  const { code, result, failed } = await chaos({ executions: '13', seconds: '60', hits: '0' });
  expect(failed, JSON.stringify(result)).toEqual([]);
  expect(code).toBe(0);
  expect(result.disturbances.kills).toBeGreaterThan(10);
  expect(result.disturbances.lost_leases).toBeGreaterThan(0);
});

/** What slowness does not explain. */
const wrong = /wrong set|steps_done|twice|missing|increments|without a reason/;

it.concurrent.for<[Fault, string]>([
  ['fencing', 'late workers are let in'],
  ['transaction', 'an action commits apart from its outcome'],
])('it fails without the engine’s %s: %s', async ([fault], { expect, onTestFinished }) => {
  const options = { executions: '27', seconds: '30', hits: '0', fault };
  const { code, result, failed } = await chaos(options, onTestFinished);
  expect(code).toBe(1);
  expect(failed, JSON.stringify(result)).toContainEqual(expect.stringMatching(wrong));
});
