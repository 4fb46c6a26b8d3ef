import type { Sql } from 'postgres';
import type { Json } from '../../../shared/errors.ts';

/** What the comparison reads of a step run. */
export interface Row {
  id: string;
  scope_id: string;
  path: string;
  iteration: number;
  type: string;
  status: string;
  handled: boolean;
  attempt: number;
  output: Json;
  error: { code: string } | null;
}

export interface ExecutionRow {
  status: string;
  output: Json;
  error: { code: string } | null;
}

/** An execution's step runs in the order in which they came to be. */
export const stepRows = (sql: Sql, executionId: string) => sql<Row[]>`
  select id, scope_id, path, iteration, type, status, handled, attempt, output, error
  from public.workflow_execution_steps where execution_id = ${executionId} order by id`;

export async function executionRow(sql: Sql, id: string): Promise<ExecutionRow> {
  const [row] = await sql<ExecutionRow[]>`
    select status, output, error from public.workflow_executions where id = ${id}`;
  if (!row) throw new Error(`There is no execution ${id}.`);
  return row;
}
