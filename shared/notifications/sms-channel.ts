import { StepError } from '../errors.ts';
import { sendThroughTwilio } from '../integrations/twilio.ts';
import { invalidRecipient } from './recipients.ts';
import type { Channel } from './types.ts';

/** Twilio's limit; longer texts are for e-mail. */
const maxLength = 1_600;

/** Text messages, through Twilio. */
export const smsChannel: Channel = {
  name: 'sms',
  provider: 'twilio',
  reachesMembers: true,
  address(recipient) {
    const number = recipient.replace(/[\s().-]/g, '');
    if (/^\+[1-9]\d{6,14}$/.test(number)) return number;
    const hint = 'Write + and the country code, then the number: +442079460101.';
    throw invalidRecipient(recipient, 'is no phone number', hint);
  },
  send({ recipient, key, body }, { signal }) {
    if (body.length > maxLength) {
      throw new StepError({
        code: 'invalid_message',
        message: `A text message has at most ${maxLength} characters; this one has ${body.length}.`,
        hint: 'Shorten it, or send an e-mail.',
        path: 'body',
      });
    }
    return sendThroughTwilio({ to: recipient, body, key }, signal);
  },
};
