/** A row of the table: an engine in one setting. */
export interface Contender {
  id: string;
  /** What `--only` names: `ours` stands for both settings of our engine. */
  group: string;
  title: string;
  kind: 'ours' | 'peer' | 'bare';
  /** Its module, from `test/bench/`. */
  module: string;
  options: Record<string, number>;
  /** Runs are this many times longer than `--executions`, so that a fast one is not over before it is measured. */
  scale: number;
  /** The package whose version is printed. */
  packageName?: string;
  /** Keeps its state elsewhere than in Postgres. */
  elsewhere?: boolean;
  /** Is installed into a Supabase project's database rather than an empty one. */
  onSupabase?: boolean;
  /** Printed beneath the table. */
  note?: string;
}

const peer = (id: string, title: string, packageName: string, rest: Partial<Contender> = {}): Contender => ({
  id,
  group: id,
  title,
  kind: 'peer',
  module: `peers/${id}.ts`,
  options: {},
  scale: 1,
  packageName,
  ...rest,
});

const own = (id: string, title: string, stepsPerInvocation: number, scale: number): Contender => ({
  id,
  group: 'ours',
  title,
  kind: 'ours',
  module: 'compare/ours.ts',
  options: { stepsPerInvocation },
  scale,
});

const bare = (id: string, title: string, batch: number, scale: number): Contender => ({
  id,
  group: 'bare',
  title,
  kind: 'bare',
  module: 'compare/bare.ts',
  options: { batch },
  scale,
});

export const contenders: Contender[] = [
  own('ours', 'ours, one step per invocation', 1, 1),
  own('ours-draining', 'ours, draining in sets of 20', 20, 4),
  peer('dbos', 'DBOS', '@dbos-inc/dbos-sdk'),
  peer('openworkflow', 'OpenWorkflow', 'openworkflow'),
  peer('pgflow', 'pgflow', '@pgflow/core', {
    onSupabase: true,
    note: "pgflow's edge worker is not on npm: a poll and execute loop over @pgflow/core stands in for it.",
  }),
  peer('absurd', 'Absurd', 'absurd-sdk'),
  peer('restate', 'Restate', '@restatedev/restate-server', {
    elsewhere: true,
    note: 'Restate keeps its state in a log of its own, not in Postgres.',
  }),
  bare('bare', 'bare SQL, one commit per step', 1, 4),
  bare('bare-batch', 'bare SQL, one commit per 20 steps', 20, 10),
];
