import type { ActionContext } from '../actions/types.ts';
import {
  type ApprovalMessage,
  type Approver,
  addressOf,
  approvalContent,
  type Channel,
  channelNamed,
  deliver,
  muted,
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
    if (recipients.length === 0) return { kind: 'pure', execute: async () => ({ status: 'skipped' }) };
    const tell = async (channel: Channel, context: ActionContext) => {
      const send = (approver: Approver) =>
        deliver(channel, addressOf(approver, channel.name), approvalContent(message, approver), {
          ...context,
          stepRunId: `${context.stepRunId}:${approver.id}`,
        });
      const sent = await Promise.allSettled(recipients.map(send));
      const failed = sent.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
      return { kind: message.kind, channel: channel.name, to: recipients.map(({ id }) => id) };
    };
    const channel = () => channelNamed(String(step.channel));
    return {
      kind: 'external',
      execute: async (context) => ({ status: 'succeeded', output: await tell(channel(), context) }),
      rehearse: async (context, mock) => mock ?? tell(muted(channel()), context),
    };
  },
};
