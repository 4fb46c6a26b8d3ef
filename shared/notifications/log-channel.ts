import { redact } from '../redact.ts';
import type { Channel } from './types.ts';

/** Writes one line of JSON into the worker's log; data that speak of a credential are hidden. */
export const logChannel: Channel = {
  name: 'log',
  async send({ to, subject, body, data }, delivery) {
    const { stepRunId, stepId, executionId, workflowId, organizationId } = delivery;
    const line = {
      event: 'workflow.notification',
      channel: 'log',
      id: stepRunId,
      step: stepId,
      execution: executionId,
      workflow: workflowId,
      organization: organizationId,
      to,
      subject,
      body: redact(body ?? null),
      data: redact(data),
    };
    console.log(JSON.stringify(line));
    return { channel: 'log', id: stepRunId };
  },
};
