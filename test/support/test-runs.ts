import type { Sql } from 'postgres';
import { execution, type TestWorkflow } from './engine.ts';
import type { TestWorker } from './worker.ts';

/** What a test run is started with, as columns of workflow_executions. */
export interface TestValues {
  input?: object;
  test?: object;
  created_by?: string;
}

/** Inserts a test run. @returns its execution's id */
export async function insertTest(
  sql: Sql,
  { id }: TestWorkflow,
  { input = {}, test = {}, created_by }: TestValues = {},
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into public.workflow_executions (workflow_id, mode, input, test, created_by)
    values (${id}, 'test', ${sql.json(input as never)}, ${sql.json(test as never)}, ${created_by ?? null}) returning id`;
  return row?.id ?? '';
}

/** A step run as a test looks at it. */
export interface PlayedStep {
  path: string;
  status: string;
  attempt: number;
  input: unknown;
  output: unknown;
  error: { code?: string } | null;
}

export async function stepsOf(sql: Sql, executionId: string): Promise<PlayedStep[]> {
  return sql<PlayedStep[]>`
    select path, status, attempt, input, output, error from public.workflow_execution_steps
    where execution_id = ${executionId} order by id`;
}

/** Inserts a test run and plays it. @returns the execution's row, its step runs and their outputs by path */
export async function playTest(
  sql: Sql,
  worker: TestWorker,
  workflow: TestWorkflow,
  values: TestValues = {},
) {
  const id = await insertTest(sql, workflow, values);
  await worker.playTests();
  const steps = await stepsOf(sql, id);
  const outputs = Object.fromEntries(steps.map(({ path, output }) => [path, output]));
  return { ...(await execution(sql, id)), id, steps, outputs } as Record<string, unknown> & {
    id: string;
    status: string;
    error: { code?: string } | null;
    steps: PlayedStep[];
    outputs: Record<string, unknown>;
  };
}
