import { type Answer, type Provider, type Received, startProvider } from './server.ts';

/** The key this SendGrid knows. */
export const sendGridKey = 'SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789abcdefg';
/** The only sender that has been verified. */
export const verifiedSender = 'hello@northwind.example';

/** An accepted mail, as `POST /v3/mail/send` takes it. */
export interface SentMail {
  personalizations: { to: { email: string }[]; custom_args?: Record<string, string> }[];
  from: { email: string };
  subject: string;
  content: { type: string; value: string }[];
  custom_args?: Record<string, string>;
  categories?: string[];
  attachments?: { content: string; filename: string; type: string }[];
}

const problem = (status: number, message: string, field: string | null = null): Answer => ({
  status,
  body: { errors: [{ message, field, help: null }] },
});

/** SendGrid's own words for too many requests. */
export const tooMany: Answer = {
  ...problem(429, 'too many requests'),
  headers: { 'x-ratelimit-limit': '600', 'x-ratelimit-remaining': '0', 'retry-after': '2' },
};

/** SendGrid's Mail Send API (https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send). */
export function startSendGrid(): Promise<Provider> {
  let count = 0;
  return startProvider((request) => {
    const refused = refusal(request);
    if (refused) return refused;
    count += 1;
    return { status: 202, headers: { 'x-message-id': `sendgrid-message-${count}` } };
  });
}

/** What makes this SendGrid's environment. */
export const sendGridVariables = ({ url }: Provider) => ({
  SENDGRID_API_KEY: sendGridKey,
  SENDGRID_FROM_EMAIL: verifiedSender,
  SENDGRID_BASE_URL: url,
});

function refusal({ method, path, headers, body }: Received): Answer | undefined {
  if (method !== 'POST' || path !== '/v3/mail/send') return problem(404, 'Not Found');
  if (headers.authorization !== `Bearer ${sendGridKey}`)
    return problem(401, 'The provided authorization grant is invalid, expired, or revoked');
  if (!headers['content-type']?.startsWith('application/json'))
    return problem(415, 'Content-Type should be application/json.');
  const mail = JSON.parse(body) as SentMail;
  if (mail.from?.email !== verifiedSender) {
    return problem(
      403,
      'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.',
      'from',
    );
  }
  for (const [index, { to }] of mail.personalizations.entries()) {
    if (to.some(({ email }) => email.endsWith('.invalid')))
      return problem(400, 'Does not contain a valid address.', `personalizations.${index}.to.0.email`);
  }
  if (mail.subject === '' || mail.content.some(({ value }) => value === ''))
    return problem(400, 'The content value must be a string at least one character in length.', 'content');
  return undefined;
}

/** The mail in a request. */
export const mailOf = ({ body }: Received) => JSON.parse(body) as SentMail;
