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
