import { sendThroughSendGrid } from '../integrations/sendgrid.ts';
import { invalidRecipient } from './recipients.ts';
import type { Channel } from './types.ts';

/** One address, as RFC 5321 limits it; no display name, no comments. */
const ADDRESS = /^[^\s@<>,;:"()[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;

/** E-mail, through SendGrid. */
export const emailChannel: Channel = {
  name: 'email',
  provider: 'sendgrid',
  needsSubject: true,
  reachesMembers: true,
  address(recipient) {
    const address = recipient.trim();
    if (address.length > 254 || !ADDRESS.test(address) || /^\.|\.\.|\.@/.test(address)) {
      throw invalidRecipient(recipient, 'is no e-mail address', 'Write name@example.com.');
    }
    return address.toLowerCase();
  },
  send({ recipient, key, subject = '', body, html, template }, { signal }) {
    const email = { to: recipient, subject, text: body, html, key, category: template };
    return sendThroughSendGrid(email, signal);
  },
};
