/** Measures our engine beside what a user could take instead: `npm run bench`. Prints a table and one JSON line. */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { ChildPeer } from './compare/child.ts';
import { type Contender, contenders } from './compare/contenders.ts';
import { installPeers, peerVersions } from './compare/install.ts';
import { measureOnce, type Outcome } from './compare/measure.ts';
import { type BenchServer, startServer } from './compare/server.ts';
import { printTable } from './compare/table.ts';

const help = `Measures our engine, other engines and bare SQL side by side on one Postgres.

  npm run bench -- [options]

  --only <names>      some of ${[...new Set(contenders.map(({ group }) => group))].join(', ')}; with commas
  --executions <n>    10-step executions per run; the fastest run several times as many (default: 200)
  --repetitions <n>   of everything, interleaved; the median counts (default: 3)
  --help              this text

The first run installs the other engines with npm into test/bench/peers.
`;

const say = (line: string) => void process.stderr.write(`${line}\n`);

function fail(message: string): never {
  say(`${message}\nnpm run bench -- --help lists the options.`);
  process.exit(1);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      executions: { type: 'string', default: '200' },
      repetitions: { type: 'string', default: '3' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const count = (name: 'executions' | 'repetitions') => {
    if (/^[1-9]\d*$/.test(values[name])) return Number(values[name]);
    return fail(`--${name} ${values[name]} is not a number from 1 on.`);
  };
  return {
    help: values.help,
    chosen: choose(values.only),
    executions: count('executions'),
    repetitions: count('repetitions'),
  };
}

function choose(only: string | undefined): Contender[] {
  const names = only?.split(',').map((name) => name.trim());
  const unknown = names?.find((name) => !contenders.some(({ id, group }) => id === name || group === name));
  if (unknown !== undefined) fail(`There is no "${unknown}" to measure.`);
  return contenders.filter(({ id, group }) => !names || names.includes(id) || names.includes(group));
}

type Options = ReturnType<typeof readOptions>;

/** What runs now, so that a signal can end it. */
const running: { server?: Promise<BenchServer>; child?: ChildPeer } = {};
const ending = new AbortController();

async function stopAll(): Promise<void> {
  ending.abort();
  await running.child?.stop();
  await (await running.server?.catch(() => undefined))?.stop();
}

async function measureAll({ chosen, executions, repetitions }: Options): Promise<void> {
  const outcomes = new Map(chosen.map((contender): [Contender, Outcome] => [contender, { samples: {} }]));
  if (chosen.some(({ kind }) => kind === 'peer')) {
    const failure = await installPeers(say, ending.signal);
    for (const [{ kind }, outcome] of outcomes) if (kind === 'peer') outcome.failure = failure;
  }
  const load = loadavg()[0] ?? 0;
  if (load > availableParallelism() / 4)
    say(`The machine is busy (load ${load.toFixed(1)}): the figures will say little.`);
  running.server = startServer();
  const server = await running.server;
  const onChild = (child: ChildPeer | undefined) => {
    running.child = child;
  };
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    say(`Repetition ${repetition} of ${repetitions}`);
    // Forth and back, so that a machine that gets slower is not always slower for the same ones.
    const order = repetition % 2 === 1 ? [...outcomes] : [...outcomes].reverse();
    for (const [contender, outcome] of order) {
      if (ending.signal.aborted) return;
      if (outcome.failure) continue;
      await measureOnce({ server, executions, say, onChild }, contender, outcome);
      if (outcome.failure) say(`${contender.title}: ${outcome.failure}`);
    }
  }
  printTable(outcomes, {
    executions,
    repetitions,
    load,
    settings: server.settings,
    versions: peerVersions(),
  });
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(help);
    return;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void stopAll().finally(() => process.exit(1)));
  }
  try {
    await measureAll(options);
  } finally {
    await stopAll();
  }
}

await main();
