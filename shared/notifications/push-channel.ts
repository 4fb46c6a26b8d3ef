import { sendThroughFirebase } from '../integrations/firebase.ts';
import { invalidRecipient } from './recipients.ts';
import type { Channel, Outgoing } from './types.ts';

const TOPIC = /^topic:([\w.~%-]{1,900})$/;

/** Push notifications to devices and topics, through Firebase Cloud Messaging. */
export const pushChannel: Channel = {
  name: 'push',
  provider: 'firebase',
  address(recipient) {
    // Registration tokens are opaque, but never short and never spaced.
    if (TOPIC.test(recipient) || /^[\w:-]{20,4096}$/.test(recipient)) return recipient;
    const hint = "Give the registration token of the app's device, or topic:<name>.";
    throw invalidRecipient(recipient, 'is no device and no topic', hint);
  },
  send({ recipient, key, subject, body, data }, { stepRunId, signal }) {
    const [, topic] = TOPIC.exec(recipient) ?? [];
    const push = {
      target: topic === undefined ? { token: recipient } : { topic },
      title: subject,
      body,
      data: { ...textOf(data), delivery_key: key },
      collapseId: stepRunId,
    };
    return sendThroughFirebase(push, signal);
  },
};

function textOf(data: Outgoing['data']): Record<string, string> {
  const entries = Object.entries(data).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(entries);
}
