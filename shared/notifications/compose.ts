import { type Json, StepError } from '../errors.ts';
import { redact } from '../redact.ts';
import type { Channel, Content, Message } from './types.ts';

/**
 * What a notification's recipients get, from its subject and body.
 *
 * @throws StepError `invalid_message` when something is missing or no text
 */
export function compose(channel: Channel, { subject, body, data }: Message): Content {
  // For people it is text; the log takes any JSON.
  if (channel.name === 'log') {
    return { subject: logged(subject), body: logged(body) ?? '', data };
  }
  return {
    ...(subject === undefined && !channel.needsSubject ? {} : { subject: text('subject', subject) }),
    body: text('body', body),
    data,
  };
}

function text(field: 'subject' | 'body', value: Json | undefined): string {
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
