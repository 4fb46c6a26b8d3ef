import { randomNumbers } from '../chaos/random.ts';
import { leftovers } from '../support/engine.ts';
import { compare, type Difference } from './compare.ts';
import { clean, type Lab } from './drive/lab.ts';
import { executionRow, stepRows } from './drive/rows.ts';
import type { Session } from './drive/session.ts';
import { Drive } from './drive.ts';
import type { Feature } from './features.ts';
import { generate } from './generate.ts';
import { Impossible } from './interpret/impossible.ts';
import { report } from './report.ts';

export interface Checked {
  executions: number;
  steps: number;
  cancelled: number;
  /** What engine and interpreter disagree about, to be read; undefined when they agree. */
  disagreement: string | undefined;
}

/** Makes the workflow of a seed, runs it on the engine, and compares. */
export async function check(
  lab: Lab,
  seed: number,
  features: readonly Feature[],
  depth?: number,
): Promise<Checked> {
  const generated = generate(seed, features, depth);
  await lab.engine.sql`select setseed(${(seed % 1000) / 1000})`;
  lab.clock.reset();
  const drive = new Drive(lab, randomNumbers(seed + 1_000_000));
  let impossible: string | undefined;
  try {
    await drive.begin(generated, seed);
    await drive.run();
  } catch (error) {
    if (!(error instanceof Impossible)) impossible = (error as Error).stack;
    else impossible = error.message;
  }
  const findings = await Promise.all(drive.sessions.map((session) => differencesOf(lab, session)));
  const left = impossible || findings.some((list) => list.length > 0) ? {} : await leftBehind(lab);
  const isWrong = impossible !== undefined || findings.flat().length > 0 || Object.keys(left).length > 0;
  if (isWrong) await clean(lab);
  const { sessions } = drive;
  return {
    executions: sessions.length,
    steps: sessions.reduce((sum, { interpreter }) => sum + interpreter.runs.length, 0),
    cancelled: sessions.filter(({ interpreter }) => interpreter.status === 'cancelled').length,
    disagreement: isWrong ? report({ seed, generated, sessions, impossible, findings, left }) : undefined,
  };
}

async function differencesOf({ engine: { sql } }: Lab, session: Session): Promise<Difference[]> {
  const [execution, rows] = await Promise.all([executionRow(sql, session.id), stepRows(sql, session.id)]);
  return compare(execution, rows, session.addresses, session.interpreter);
}

/** Strands, leases, timers and messages that are there after everything has ended. */
async function leftBehind({ engine: { sql } }: Lab): Promise<Record<string, number>> {
  return Object.fromEntries(Object.entries((await leftovers(sql)) ?? {}).filter(([, count]) => count > 0));
}
