import { AwaitsExecution } from '../actions/awaits.ts';
import { findAction } from '../actions/registry.ts';
import type { ActionContext, ActionDefinition } from '../actions/types.ts';
import { WithWrites } from '../actions/writes.ts';
import { templateParams } from '../definition/index.ts';
import { type Json, StepError } from '../errors.ts';
import { evaluate } from '../expression/index.ts';
import { parseWith } from './parse.ts';
import type { StepOutcome, StepType } from './types.ts';

/** Runs a registered action with its evaluated parameters. */
export const actionStep: StepType = {
  type: 'action',
  prepare({ step }, roots) {
    const name = step.action as string;
    const action = findAction(name);
    if (!action) {
      throw new StepError({
        code: 'unknown_action',
        message: `There is no action "${name}" in this worker.`,
        hint: 'Deploy the worker with the file that registers it.',
      });
    }
    // A template travels unrendered: its action renders it, once per recipient.
    const input = evaluate(step.params ?? {}, roots, {
      path: 'params',
      templates: templateParams(action.params),
    });
    const params = parseWith(action.params, input, 'invalid_params', 'params');
    return {
      kind: action.kind,
      input,
      async execute(context) {
        const returned = await action.run(params, context);
        if (returned instanceof AwaitsExecution) return awaiting(action, returned, context);
        const { result, writes } =
          returned instanceof WithWrites ? returned : { result: returned, writes: undefined };
        if (writes && action.kind !== 'external') {
          throw new StepError({
            code: 'invalid_result',
            message: `Action "${name}" is of kind ${action.kind} and cannot return writes.`,
            hint: 'Use context.db in an action of kind database, or give it kind external.',
          });
        }
        const output = parseWith(action.result, result, 'invalid_result') as Json;
        return { status: 'succeeded', output, ...(writes ? { writes } : {}) };
      },
      rehearse: async (_, mock) =>
        mock === undefined ? null : (parseWith(action.result, mock, 'invalid_result') as Json),
    };
  },
};

/** A test run plays one workflow: of another it learns nothing that is not mocked. */
function awaiting(
  { name, kind, waits }: ActionDefinition,
  { executionId }: AwaitsExecution,
  { mode }: ActionContext,
): StepOutcome {
  if (waits && kind === 'database' && mode === 'test') {
    return { status: 'succeeded', output: { executionId, status: 'succeeded', output: null } };
  }
  if (waits && kind === 'database') return { status: 'waiting', awaits: executionId };
  throw new StepError({
    code: 'invalid_result',
    message: `Action "${name}" does not say that it waits for executions.`,
    hint: 'Define it with kind "database" and `waits: true`, or do not return awaitExecution().',
  });
}
