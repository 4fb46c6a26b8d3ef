import type { Json } from '../errors.ts';
import { compileDefinition } from './compile.ts';
import { dataOf } from './error.ts';
import { draftOf, InvalidDefinitionError } from './publish.ts';
import type { ExecutionSnapshot } from './snapshot.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';
import { watchExecution } from './watch-execution.ts';

/** What stands in for a step in a test run: its output, or the error it fails with. */
export type StepMock =
  | { output: Json }
  | { error: { code: string; message: string; hint?: string; retryable?: boolean } };

/** What becomes of an approval in a test run; `timeout` lets its time pass, as no answer does. */
export type ApprovalAnswer =
  | 'approved'
  | 'rejected'
  | 'timeout'
  | { decision: 'approved' | 'rejected'; comment?: string };

export interface TestOptions {
  input?: { [key: string]: Json };
  /** Tests the saved draft, or this definition, in place of the active version. It runs as the caller. */
  draft?: boolean | object;
  /** By step id, for steps that call the outside and for actions. A list has one for each run of the step. */
  mocks?: Record<string, StepMock | StepMock[]>;
  /** By step id, likewise. */
  approvals?: Record<string, ApprovalAnswer | ApprovalAnswer[]>;
  /** Of a workflow that rows start: the row, at least its key. What is not given is read from the table. */
  record?: { [key: string]: Json };
  /** The row before an update; by default as it is stored. */
  oldRecord?: { [key: string]: Json };
  /** The first event of the trigger by default. */
  operation?: 'insert' | 'update' | 'delete';
}

/**
 * Plays a workflow without consequences, and waits for the end: database actions are rolled back, calls to the
 * outside are recorded and not made, delays pass at once.
 *
 * @returns what would have happened, as for an execution
 * @throws InvalidDefinitionError when the draft has faults
 * @throws WorkflowError such as `workflow_not_found`, `workflow_not_active`, `invalid_test`, `unknown_step`, `not_allowed`
 */
export async function testWorkflow(
  supabase: AnySupabaseClient,
  workflowId: string,
  options: TestOptions = {},
): Promise<ExecutionSnapshot> {
  const { input, draft, mocks, approvals, record, oldRecord, operation } = options;
  const given = { mocks, approvals, record, old_record: oldRecord, operation };
  const test = { ...given, ...(draft ? await compiled(supabase, workflowId, draft) : {}) };
  const chosen = { workflow_id: workflowId, mode: 'test', input, test };
  const executions = engineClient(supabase).from('workflow_executions');
  // The rest of the row follows from the workflow.
  const { id } = await dataOf(
    executions
      .insert(chosen as never)
      .select('id')
      .single(),
  );
  const watch = watchExecution(supabase, id, () => {});
  try {
    return await watch.finished;
  } finally {
    await watch.stop();
  }
}

async function compiled(supabase: AnySupabaseClient, workflowId: string, draft: true | object) {
  const definition = draft === true ? (await draftOf(supabase, workflowId)).draft : draft;
  const result = await compileDefinition(definition);
  if (!result.ok) throw new InvalidDefinitionError(result.errors);
  return { definition: result.definition, plan: result.plan };
}
