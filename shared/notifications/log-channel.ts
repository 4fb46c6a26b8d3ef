import { redact } from '../redact.ts';
import type { Channel } from './types.ts';

/** Writes one line of JSON into the worker's log; data that speak of a credential are hidden. */
export const logChannel: Channel = {
  name: 'log',
  provider: 'log',
  recipientOptional: true,
  address: (recipient) => recipient,
  async send({ recipient, key, subject, body, data }, delivery) {
    const { stepId, executionId, workflowId, organizationId } = delivery;
    const line = {
      event: 'workflow.notification',
      channel: 'log',
      key,
      step: stepId,
      execution: executionId,
      workflow: workflowId,
      organization: organizationId,
      to: recipient,
      subject,
      body,
      data: redact(data),
    };
    console.log(JSON.stringify(line));
    return null;
  },
};
