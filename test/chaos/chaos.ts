/**
 * The chaos run: what the engine promises, while everything it runs on is killed.
 *
 *   workflows of nine shapes ──▶ engine ◀── workers, behind a balancer ──▶ a counter outside
 *                                  ▲           ▲
 *            restarts and crashes ─┘           └─ SIGKILL, also at crash points; freezes; ended connections
 *
 * Every effect can be counted: a row per step run in a table without a unique key, increments of shared
 * rows, calls by step run at the counter. Afterwards everything has to add up: each execution succeeded
 * with the steps its shape plans, each database effect is there once, each call was made at least once,
 * and again only where a lease, an attempt or the answer to a hand-over was lost.
 */
import { help, readOptions } from './options.ts';
import { sentence, table } from './report.ts';
import { run } from './run.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(help);
    return 0;
  }
  say(`Seed ${options.seed}`);
  const began = Date.now();
  const result = await run(options, say);
  const seconds = Math.round((Date.now() - began) / 1_000);
  const { executions, steps, checks, errors, disturbances } = result;
  say(`\n${table(checks)}\n`);
  for (const [error, count] of Object.entries(errors)) say(`${count} × ${error}`);
  say(`${executions} executions, ${steps} steps in ${seconds} s`);
  say(`Disturbances: ${sentence({ ...disturbances })}`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.ok ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(2);
  },
);
