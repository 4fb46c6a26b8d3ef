import {
  type ApprovalMessage,
  type Approver,
  addressOf,
  approvalContent,
  channelNamed,
  deliver,
} from '../notifications/index.ts';
import type { StepType } from './types.ts';

/**
 * Tells the approvers of an approval that they are asked, or reminds them: each by a message of their own.
 * One who cannot be reached does not keep the others from it. In another attempt each has the same
 * idempotency key: the step run's id, a colon, the user's id.
 */
export const messageStep: StepType = {
  type: 'message',
  prepare({ step }, roots) {
    const { recipients, ...message } = roots.message as ApprovalMessage & { recipients: Approver[] };
    if (recipients.length === 0) return { kind: 'external', execute: async () => ({ status: 'skipped' }) };
    return {
      kind: 'external',
      async execute(context) {
        const channel = channelNamed(String(step.channel));
        const send = (approver: Approver) =>
          deliver(channel, addressOf(approver, channel.name), approvalContent(message, approver), {
            ...context,
            stepRunId: `${context.stepRunId}:${approver.id}`,
          });
        const sent = await Promise.allSettled(recipients.map(send));
        const failed = sent.find((one) => one.status === 'rejected');
        if (failed) throw failed.reason;
        const output = { kind: message.kind, channel: channel.name, to: recipients.map(({ id }) => id) };
        return { status: 'succeeded', output };
      },
    };
  },
};
