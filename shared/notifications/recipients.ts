import { type Json, StepError } from '../errors.ts';
import type { Channel, Deliveries } from './types.ts';

/** More people are reached by a loop, one step run each. */
const maxRecipients = 100;

/**
 * Everybody a message goes to, each once, as the author wrote them.
 *
 * @throws StepError `invalid_recipient` or `too_many_recipients`
 */
export function recipientsOf(to: Json, { name, recipientOptional }: Channel): string[] {
  const all = (Array.isArray(to) ? to : [to]).filter((one) => one !== null && one !== '');
  const texts = all.map((one) => (typeof one === 'number' ? String(one) : one));
  const [stray] = texts.filter((one) => typeof one !== 'string');
  if (stray !== undefined) {
    throw invalidRecipient(JSON.stringify(stray), 'is no recipient', 'Give text, or a list of texts.');
  }
  const recipients = [...new Set(texts as string[])];
  if (recipients.length === 0 && !recipientOptional) {
    throw invalidRecipient('', 'is nobody', `Say in \`to\` who gets the ${name} message.`);
  }
  if (recipients.length > maxRecipients) {
    throw new StepError({
      code: 'too_many_recipients',
      message: `${recipients.length} recipients are more than ${maxRecipients}.`,
      hint: 'Send to each of them in a loop.',
      path: 'to',
    });
  }
  return recipients.length === 0 ? [''] : recipients;
}

const USER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The address a message goes to: as the author wrote it, or that of the member whose user id they wrote.
 *
 * @throws StepError `invalid_recipient`
 */
export async function addressOf(recipient: string, channel: Channel, log: Deliveries): Promise<string> {
  if (!channel.reachesMembers || !USER_ID.test(recipient)) return channel.address(recipient);
  const contact = await log.contact(recipient, channel.name);
  if (contact !== null) return channel.address(contact);
  const hint = 'Name a member of the organisation whose account has an address for this channel.';
  throw invalidRecipient(recipient, `is no member who can be reached by ${channel.name}`, hint);
}

export function invalidRecipient(recipient: string, problem: string, hint: string): StepError {
  const message = `"${recipient.slice(0, 100)}" ${problem}.`;
  return new StepError({ code: 'invalid_recipient', message, hint, path: 'to' });
}
