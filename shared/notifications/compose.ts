import { type Json, StepError } from '../errors.ts';
import { redact } from '../redact.ts';
import { chooseText, renderTemplate } from './template.ts';
import type { Channel, Content, Delivery, Message } from './types.ts';

/**
 * What a notification's recipients get: its subject and body, or its template filled with its data.
 *
 * @throws StepError `invalid_message` when something is missing or no text, `unknown_notification_template`
 */
export async function compose(
  channel: Channel,
  message: Message,
  delivery: Pick<Delivery, 'deliveries' | 'now'>,
): Promise<Content> {
  const { subject, body, data, template } = message;
  if (template !== undefined) return fromTemplate(channel, text('template', template), message, delivery);
  // For people it is text; the log takes any JSON.
  if (channel.name === 'log') return { subject: logged(subject), body: logged(body) ?? '', data };
  return {
    ...(subject === undefined && !channel.needsSubject ? {} : { subject: text('subject', subject) }),
    body: text('body', body),
    data,
  };
}

async function fromTemplate(
  channel: Channel,
  id: string,
  { locale, data }: Message,
  { deliveries, now }: Pick<Delivery, 'deliveries' | 'now'>,
): Promise<Content> {
  const { texts, settings } = await deliveries.template(id);
  const wanted = typeof locale === 'string' ? locale : null;
  const chosen = chooseText(texts, channel.name, wanted, settings);
  if (!chosen) throw unknownTemplate(id, channel.name, texts.length > 0);
  const { locale: found, ...rendered } = renderTemplate(chosen, data, { ...settings, now });
  return { ...rendered, template: id, locale: found, data };
}

function unknownTemplate(id: string, channel: string, exists: boolean): StepError {
  return new StepError({
    code: 'unknown_notification_template',
    message: exists
      ? `The notification template "${id}" has no text for the channel ${channel}.`
      : `There is no notification template "${id}".`,
    hint: 'docs/notifications.md lists the templates; or write `subject` and `body`.',
    path: 'template',
  });
}

function text(field: 'subject' | 'body' | 'template', value: Json | undefined): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new StepError({
    code: 'invalid_message',
    message: `The ${field} of the message is ${value === undefined ? 'missing' : 'no text, or empty'}.`,
    hint: `Give \`${field}\` as text; Liquid such as "{{ input.name }}" makes text of a value.`,
    path: field,
  });
}

function logged(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(redact(value));
}
