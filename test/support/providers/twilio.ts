import { type Answer, type Provider, type Received, startProvider } from './server.ts';

export const account = 'AC00000000000000000000000000000001';
export const authToken = '0123456789abcdef0123456789abcdef';
export const ownNumber = '+15005550006';

const problem = (status: number, code: number, message: string): Answer => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

/** Twilio's own words for too many requests. */
export const tooMany: Answer = {
  ...problem(429, 20429, 'Too Many Requests'),
  headers: { 'retry-after': '1' },
};

/** Twilio's Message resource (https://www.twilio.com/docs/messaging/api/message-resource). */
export function startTwilio(): Promise<Provider> {
  let count = 0;
  return startProvider((request) => {
    const refused = refusal(request);
    if (refused) return refused;
    count += 1;
    const form = formOf(request);
    return {
      status: 201,
      body: {
        sid: sidOf(count),
        account_sid: account,
        to: form.To,
        from: form.From,
        body: form.Body,
        status: 'queued',
        direction: 'outbound-api',
        error_code: null,
        error_message: null,
        num_segments: '1',
      },
    };
  });
}

export const sidOf = (count: number) => `SM${String(count).padStart(32, '0')}`;

/** What makes this Twilio's environment. */
export const twilioVariables = ({ url }: Provider) => ({
  TWILIO_ACCOUNT_SID: account,
  TWILIO_AUTH_TOKEN: authToken,
  TWILIO_FROM_NUMBER: ownNumber,
  TWILIO_BASE_URL: url,
});

function refusal(request: Received): Answer | undefined {
  const { method, path, headers } = request;
  if (headers.authorization !== `Basic ${btoa(`${account}:${authToken}`)}`)
    return problem(401, 20003, 'Authenticate');
  if (method !== 'POST' || path !== `/2010-04-01/Accounts/${account}/Messages.json`)
    return problem(404, 20404, `The requested resource ${path} was not found`);
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return problem(400, 21604, "A 'To' phone number is required.");
  const { To = '', From, Body } = formOf(request);
  // Twilio's magic numbers: https://www.twilio.com/docs/iam/test-credentials
  if (To === '+15005550001') return problem(400, 21211, `The 'To' number ${To} is not a valid phone number.`);
  if (To === '+15005550004') return problem(400, 21610, 'Attempt to send to unsubscribed recipient');
  if (From !== ownNumber)
    return problem(
      400,
      21606,
      `The From phone number ${From} is not a valid, SMS-capable inbound phone number`,
    );
  if (!Body) return problem(400, 21602, 'Message body is required.');
  return undefined;
}

/** The form in a request. */
export const formOf = ({ body }: Received): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body));
