import { environmentVariable } from '../environment.ts';
import type { StepError } from '../errors.ts';
import { answer, waitOf } from './call.ts';
import {
  keyRefused,
  notConfigured,
  recipientRefused,
  refused,
  senderRefused,
  unreachable,
} from './errors.ts';

const provider = 'SendGrid';

/** An e-mail to one recipient. */
export interface Email {
  to: string;
  subject: string;
  text: string;
  html?: string | undefined;
  /** Comes back with every event about the message. */
  key: string;
  /** What the mail is about, for SendGrid's statistics. */
  category?: string | undefined;
  attachments?: { content: string; filename: string; type: string; disposition?: string }[];
}

/** What `@sendgrid/mail` rejects with when there was an answer. */
interface ResponseError {
  code?: number;
  response?: {
    headers: Record<string, string>;
    body: { errors?: { message: string; field?: string | null }[] } | string | null;
  };
}

/**
 * Sends an e-mail through SendGrid's v3 API. `SENDGRID_BASE_URL` names another host, such as the one in the EU.
 *
 * @returns SendGrid's id of the message
 * @throws StepError
 */
export async function sendThroughSendGrid(email: Email, signal: AbortSignal): Promise<string | null> {
  const key = environmentVariable('SENDGRID_API_KEY');
  if (!key) throw notConfigured(provider, 'SENDGRID_API_KEY');
  const from = environmentVariable('SENDGRID_FROM_EMAIL');
  if (!from) throw notConfigured(provider, 'SENDGRID_FROM_EMAIL');
  const { MailService } = (await import('@sendgrid/mail')) as unknown as Package;
  const mail = new MailService();
  mail.setApiKey(key);
  mail.setTimeout(60_000);
  const baseUrl = environmentVariable('SENDGRID_BASE_URL');
  if (baseUrl) mail.client.setDefaultRequest('baseUrl', baseUrl);
  const { to, subject, text, html, category, attachments } = email;
  const sent = mail.send({
    to,
    from,
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    ...(category === undefined ? {} : { categories: [category] }),
    ...(attachments === undefined ? {} : { attachments }),
    customArgs: { delivery_key: email.key },
  });
  const [response] = await answer(
    provider,
    signal,
    sent.catch((error: ResponseError) => {
      throw explain(error);
    }),
  );
  return response.headers['x-message-id'] ?? null;
}

/** What the package exports; its types leave out half of it. */
interface Package {
  MailService: new () => {
    client: { setDefaultRequest(name: string, value: string): void };
    setApiKey(key: string): void;
    setTimeout(milliseconds: number): void;
    send(mail: object): Promise<[{ headers: Record<string, string> }, unknown]>;
  };
}

function explain(error: ResponseError): StepError {
  const { code: status, response } = error;
  if (status === undefined || !response) return unreachable(provider, error);
  const errors = (typeof response.body === 'object' && response.body?.errors) || [];
  const message = errors.map((one) => one.message).join('; ') || `status ${status}`;
  const fields = errors.map(({ field }) => field ?? '');
  const refusal = { provider, status, message, retryAfterMs: waitOf(response.headers['retry-after']) };
  if (status === 401) return keyRefused(refusal, 'SENDGRID_API_KEY');
  if (status === 403) {
    const isSender = fields.includes('from') || /sender identity/i.test(message);
    return isSender ? senderRefused(refusal, 'SENDGRID_FROM_EMAIL') : keyRefused(refusal, 'SENDGRID_API_KEY');
  }
  if (status === 400 && fields.some((field) => /^personalizations\.\d+\.to/.test(field)))
    return recipientRefused(refusal);
  return refused(refusal);
}
