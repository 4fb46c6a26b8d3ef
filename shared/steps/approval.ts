import { StepError } from '../errors.ts';
import { evaluate, parseDuration } from '../expression/index.ts';
import type { StepType } from './types.ts';

/** Asks people; the database waits for their decision. */
export const approvalStep: StepType = {
  type: 'approval',
  prepare({ step }, roots) {
    const approvers = evaluate(step.approvers ?? null, roots, { path: 'approvers' });
    if (
      !Array.isArray(approvers) ||
      approvers.length === 0 ||
      !approvers.every((one) => typeof one === 'string')
    ) {
      throw new StepError({
        code: 'invalid_approver',
        message: 'An approval asks a list of people, and this is none.',
        path: 'approvers',
        hint: 'Give user ids, e-mail addresses, or roles such as "role:admin".',
      });
    }
    const title = evaluate(step.title ?? '', roots, { path: 'title' });
    const details = evaluate(step.details ?? null, roots, { path: 'details' });
    const approval = {
      approvers,
      title,
      details,
      quorum: step.quorum ?? 1,
      allow_requester: step.allowRequester ?? false,
      on_timeout: step.onTimeout ?? 'fail',
      channel: step.channel ?? null,
      reminders: ((step.reminders ?? []) as string[]).map((after) => parseDuration(after) ?? 0),
    };
    return {
      kind: 'pure',
      input: { approvers, title, details },
      execute: async () => ({ status: 'waiting', approval }),
    };
  },
};
