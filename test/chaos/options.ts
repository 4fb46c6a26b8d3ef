import { parseArgs } from 'node:util';

/** What is broken on purpose, to show that the run notices. */
export type Fault = 'none' | 'fencing' | 'transaction';

export interface Options {
  /** How many executions are started at least. */
  executions: number;
  /** The run ends after this many seconds, whether its executions have ended or not. */
  seconds: number;
  seed: number;
  workers: number;
  /** How often each crash point has to be hit at least; executions are added until it is. */
  hits: number;
  fault: Fault;
  /** Where the logs are kept; nowhere by default. */
  logs: string | undefined;
}

export const help = `Runs workflows while workers, connections and Postgres are killed, and counts what is lost or done twice.

  npm run chaos -- [options]

  --executions <n>    executions to start (default 500)
  --seconds <n>       time limit (default 1500)
  --seed <n>          of the mix and of who is killed (default: the time)
  --workers <n>       worker processes (default 9)
  --hits <n>          hits needed of each crash point; executions are added until then (default 20)
  --fault <name>      breaks the engine on purpose: fencing or transaction. The run has to fail
  --logs <folder>     keeps the logs of Postgres and the workers there
  --help              this text

Ends with 0 only if nothing was lost, stuck or done twice.
`;

/** @throws Error with one sentence when an option is wrong; returns undefined for `--help`. */
export function readOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      executions: text,
      seconds: text,
      seed: text,
      workers: text,
      hits: text,
      fault: text,
      logs: text,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const number = (name: 'executions' | 'seconds' | 'seed' | 'workers' | 'hits', usual: number) => {
    const given = values[name];
    if (given === undefined) return usual;
    if (!/^\d{1,9}$/.test(given)) throw new Error(`--${name} ${given} is not a whole number.`);
    return Number(given);
  };
  const fault = values.fault ?? 'none';
  if (fault !== 'none' && fault !== 'fencing' && fault !== 'transaction') {
    throw new Error(`--fault ${fault} is not known: give fencing or transaction.`);
  }
  return {
    executions: number('executions', 500),
    seconds: number('seconds', 1_500),
    seed: number('seed', Date.now() % 1_000_000),
    workers: number('workers', 9),
    hits: number('hits', 20),
    fault,
    logs: values.logs,
  };
}
