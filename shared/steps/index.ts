import { StepError } from '../errors.ts';
import { evaluateCondition } from '../expression/index.ts';
import { actionStep } from './action.ts';
import { approvalStep } from './approval.ts';
import { conditionStep } from './condition.ts';
import { delayStep } from './delay.ts';
import { httpStep } from './http.ts';
import { loopStep } from './loop.ts';
import { messageStep } from './message.ts';
import { notificationStep } from './notification.ts';
import { parallelStep } from './parallel.ts';
import { transformStep } from './transform.ts';
import type { PreparedStep, Roots, StepSource, StepType } from './types.ts';

export type { Fork, PreparedStep, Roots, StepOutcome, StepSource, StepType } from './types.ts';

const stepTypes = new Map<string, StepType>(
  [
    actionStep,
    approvalStep,
    conditionStep,
    delayStep,
    httpStep,
    loopStep,
    messageStep,
    notificationStep,
    parallelStep,
    transformStep,
  ].map((type) => [type.type, type]),
);

/**
 * Evaluates a step's `when` and its expressions.
 *
 * @throws StepError or ExpressionError when an expression fails or a parameter does not fit
 */
export function prepareStep(source: StepSource, roots: Roots): PreparedStep {
  const { when } = source.step;
  if (when !== undefined && !evaluateCondition(when as never, roots, 'when')) {
    return { kind: 'pure', execute: async () => ({ status: 'skipped' }) };
  }
  const type = stepTypes.get(source.plan.type);
  if (!type) {
    throw new StepError({
      code: 'unknown_step_type',
      message: `This worker cannot run steps of type "${source.plan.type}".`,
      hint: 'Deploy the worker of the release that the workflow was published with.',
    });
  }
  return type.prepare(source, roots);
}
