import { sendThroughSlack } from '../integrations/slack.ts';
import { invalidRecipient } from './recipients.ts';
import type { Channel } from './types.ts';

/** A channel's or person's id, or a channel's name. */
const TARGET = /^(?:[CDGUW][A-Z0-9]{6,20}|#?[\p{Ll}\p{Lo}0-9][\p{Ll}\p{Lo}0-9._-]{0,79})$/u;

/** Messages to channels and people, through Slack. */
export const slackChannel: Channel = {
  name: 'slack',
  provider: 'slack',
  address(recipient) {
    if (TARGET.test(recipient)) return recipient;
    const hint = 'Write #channel, the id of a channel (C…) or of a person (U…).';
    throw invalidRecipient(recipient, 'is no Slack channel', hint);
  },
  send({ recipient, key, subject, body }, { signal }) {
    const text = subject === undefined ? body : `*${subject}*\n${body}`;
    return sendThroughSlack({ channel: recipient, text, key }, signal);
  },
};
