import type { Json } from '../errors.ts';
import type { Content } from './types.ts';

/** Somebody who is asked for an approval. */
export interface Approver {
  /** The user's id. */
  id: string;
  email: string | null;
  phone: string | null;
  /** Where this person, and nobody else, may decide without signing in; null where no page is set up. */
  link: string | null;
}

/** What is told to approvers: that they are asked, or that they still are. */
export interface ApprovalMessage {
  kind: 'request' | 'reminder';
  request_id: string;
  title: string;
  details: Json;
  /** When the time for a decision is over, as a timestamp. */
  due_at: string;
}

/** What one approver is written. The link is theirs alone: what is kept of the message does without it. */
export function approvalContent(message: ApprovalMessage, { id, link }: Approver): Content {
  const { kind, request_id, title, details, due_at } = message;
  const facts = typeof details === 'string' ? details : JSON.stringify(details, null, 2);
  const text = [title, ...(details === null ? [] : [facts]), `Please decide by ${due_at}.`].join('\n\n');
  return {
    subject: `${kind === 'request' ? 'Your approval is needed' : 'Your approval is still needed'}: ${title}`,
    body: `${text}\n\n${link ?? 'Sign in to decide.'}`,
    kept: text,
    data: { kind, requestId: request_id, title, details, dueAt: due_at, link, approverId: id },
  };
}

/** Where a person is reached: by SMS their number, by push the user, else their e-mail address. */
export function addressOf({ id, email, phone }: Approver, channel: string): Json {
  if (channel === 'push') return id;
  return channel === 'sms' ? phone : (email ?? id);
}
