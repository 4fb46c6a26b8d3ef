import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { chain, publish, type TestWorkflow } from '../support/engine.ts';
import { type PlatformProcess, startPlatformProcess } from '../support/platform-process.ts';

/** A platform of its own, its database and the workflow that most measurements run. */
export interface Bench {
  platform: PlatformProcess;
  sql: Sql;
  /** Ten transforms that do nothing. */
  chain: TestWorkflow;
}

export const stepsPerExecution = 10;

export async function openBench(): Promise<Bench> {
  const platform = await startPlatformProcess();
  const sql = postgres(platform.details.db_url, { max: 2, onnotice: () => {} });
  const ids = Array.from({ length: stepsPerExecution }, (_, i) => `step${i}`);
  return { platform, sql, chain: await publish(sql, { steps: chain(...ids) }, randomUUID()) };
}

export async function closeBench({ platform, sql }: Bench): Promise<void> {
  await sql.end({ timeout: 1 });
  await platform.stop();
}

/** Removes what has run, so that each measurement begins with empty tables, and waits until no worker is awake. */
export async function reset({ sql }: Bench): Promise<void> {
  await sql`truncate public.workflow_executions cascade`;
  await sql`vacuum analyze`;
  await until(
    () => sql`select not exists (select from workflow.slots where expires_at > clock_timestamp()) as done`,
  );
}

/** Resolves when a query's only row says `done`. */
export async function until(query: () => PromiseLike<{ done?: boolean }[]>, everyMs = 20): Promise<void> {
  while (!(await query())[0]?.done) await new Promise((resolve) => setTimeout(resolve, everyMs));
}

/** The value below which this share of the values lies. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
