import { copyDatabase } from '../../supabase/local/postgres/migrate.ts';
import { migratedDatabase, startPlatformProcess } from '../support/platform-process.ts';
import { type Checked, check } from './check.ts';
import { openLab } from './drive/lab.ts';
import { help, type Options, readOptions } from './options.ts';
import { rush } from './rush.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const progressMs = 5_000;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(help);
    return 0;
  }
  const platform = await startPlatformProcess(['--no-functions', '--copy-as', migratedDatabase]);
  try {
    const server = platform.details.db_url.replace(/[^/]+$/, '');
    await copyDatabase(`${server}${migratedDatabase}`, 'fuzz');
    return await fuzz(options, `${server}fuzz`);
  } finally {
    await platform.stop();
  }
}

async function fuzz({ count, seed, depth, features }: Options, url: string): Promise<number> {
  const lab = await openLab(url);
  const began = Date.now();
  const sum = { workflows: 0, executions: 0, steps: 0, cancelled: 0 };
  const seconds = () => `${((Date.now() - began) / 1_000).toFixed(1)} s`;
  let told = began;
  try {
    for (; sum.workflows < count; ) {
      const next = seed + sum.workflows;
      const checked = await check(lab, next, features, depth);
      add(sum, checked);
      const problem = checked.disagreement ?? (await rush(lab, next, features, depth));
      if (problem) {
        say(
          `${problem}\n\nStopped after ${sum.workflows} workflows in ${seconds()}; features ${features.join(',')}, depth ${depth}: give the same to repeat it`,
        );
        return 1;
      }
      if (Date.now() - told < progressMs) continue;
      told = Date.now();
      say(`${sum.workflows} of ${count} workflows, ${sum.steps} steps`);
    }
  } finally {
    await lab.close();
  }
  const { workflows, executions, steps, cancelled } = sum;
  say(
    `Engine and interpreter agree: ${workflows} workflows from seed ${seed}, ${executions} executions (${cancelled} cancelled), ${steps} steps in ${seconds()}`,
  );
  return 0;
}

function add(sum: { workflows: number; executions: number; steps: number; cancelled: number }, one: Checked) {
  sum.workflows += 1;
  sum.executions += one.executions;
  sum.steps += one.steps;
  sum.cancelled += one.cancelled;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(2);
  },
);
