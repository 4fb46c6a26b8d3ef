import { parseArgs } from 'node:util';
import { DEFAULT_FEATURES, FEATURES, type Feature } from './features.ts';

export interface Options {
  count: number;
  /** Of the first workflow; each further one has the next. */
  seed: number;
  depth: number;
  features: readonly Feature[];
}

export const help = `Runs random workflows on the engine and compares what comes of them with an interpreter of their definitions.

  npm run fuzz -- [options]

  --count <n>         workflows (default 300)
  --seed <n>          seed of the first; each further one has the next (default: the time)
  --depth <n>         how deep steps nest at most (default 3)
  --features <list>   what they may hold, separated by commas
                      (default ${DEFAULT_FEATURES.join(',')})
                      all: also ${FEATURES.filter((name) => !DEFAULT_FEATURES.includes(name)).join(', ') || 'nothing'}
  --help              this text

Ends with 1 at the first disagreement and says how to repeat it.
`;

/** @throws Error with one sentence when an option is wrong; returns undefined for `--help`. */
export function readOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: { count: text, seed: text, depth: text, features: text, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return undefined;
  const number = (name: 'count' | 'seed' | 'depth', usual: number) => {
    const given = values[name];
    if (given === undefined) return usual;
    if (!/^\d{1,9}$/.test(given)) throw new Error(`--${name} ${given} is not a whole number.`);
    return Number(given);
  };
  return {
    count: number('count', 300),
    seed: number('seed', Date.now() % 1_000_000),
    depth: Math.min(number('depth', 3), 8),
    features: readFeatures(values.features),
  };
}

function readFeatures(list: string | undefined): readonly Feature[] {
  if (list === undefined) return DEFAULT_FEATURES;
  if (list === 'all') return FEATURES;
  return list.split(',').map((name) => {
    const feature = FEATURES.find((known) => known === name);
    if (!feature) throw new Error(`--features ${name} is not known: give some of ${FEATURES.join(', ')}.`);
    return feature;
  });
}
