import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, importSPKI, jwtVerify } from 'jose';
import { type Answer, type Provider, type Received, startProvider } from './server.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const email = 'sender@northwind-app.iam.gserviceaccount.example';
const scope = 'https://www.googleapis.com/auth/firebase.messaging';

/** Devices FCM knows. */
export const device = 'fcmdevice0123456789:APA91bAliveAliveAliveAliveAlive';
export const goneDevice = 'fcmdevice0123456789:APA91bGoneGoneGoneGoneGoneGone';
export const foreignDevice = 'fcmdevice0123456789:APA91bForeignForeignForeign';

/** An accepted message, as `messages:send` takes it. */
export interface PushMessage {
  token?: string;
  topic?: string;
  notification: { title?: string; body: string };
  data: Record<string, string>;
  android: { notification: { tag: string } };
  apns: { headers: Record<string, string> };
}

export interface Firebase extends Provider {
  /** Asked at the token endpoint so far. */
  grants(): number;
  /** Makes every token that was given out invalid. */
  revoke(): void;
}

const fcmProblem = (status: number, name: string, message: string, details: object[] = []): Answer => ({
  status,
  body: { error: { code: status, message, status: name, details } },
});
const fcmError = (errorCode: string) => ({
  '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError',
  errorCode,
});

/** FCM's own words for too many messages. */
export const quotaExceeded: Answer = {
  ...fcmProblem(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', [fcmError('QUOTA_EXCEEDED')]),
  headers: { 'retry-after': '60' },
};

/**
 * Google's token endpoint (RFC 7523) and FCM's HTTP v1 API
 * (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send).
 */
export async function startFirebase(): Promise<Firebase> {
  let grants = 0;
  let token = 'ya29.first';
  const provider = await startProvider(async (request, url): Promise<Answer> => {
    if (request.path !== '/token') return send(request, token);
    grants += 1;
    const form = new URLSearchParams(request.body);
    const assertion = form.get('assertion') ?? '';
    const key = await importSPKI(publicKey, 'RS256');
    const expected = { issuer: email, audience: `${url}/token` };
    const isValid =
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
      (await jwtVerify(assertion, key, expected).catch(() => undefined)) &&
      decodeJwt(assertion).scope === scope;
    if (!isValid)
      return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } };
    return { status: 200, body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } };
  });
  return Object.assign(provider, {
    grants: () => grants,
    revoke: () => {
      token = `ya29.${crypto.randomUUID()}`;
    },
  });
}

/** What makes this Firebase's environment. */
export const firebaseVariables = ({ url }: Provider, changes: object = {}) => ({
  FIREBASE_SERVICE_ACCOUNT: JSON.stringify({
    type: 'service_account',
    project_id: 'northwind-app',
    private_key_id: 'key-1',
    private_key: privateKey,
    client_email: email,
    token_uri: `${url}/token`,
    ...changes,
  }),
  FIREBASE_BASE_URL: url,
});

function send({ method, path, headers, body }: Received, token: string): Answer {
  if (method !== 'POST' || path !== '/v1/projects/northwind-app/messages:send')
    return fcmProblem(404, 'NOT_FOUND', 'Requested entity was not found.');
  if (headers.authorization !== `Bearer ${token}`)
    return fcmProblem(
      401,
      'UNAUTHENTICATED',
      'Request had invalid authentication credentials. Expected OAuth 2 access token.',
    );
  const { message } = JSON.parse(body) as { message: PushMessage };
  if (Object.values(message.data).some((value) => typeof value !== 'string'))
    return fcmProblem(400, 'INVALID_ARGUMENT', "Invalid value at 'message.data[0].value' (TYPE_STRING), 12");
  if (message.token === goneDevice)
    return fcmProblem(404, 'NOT_FOUND', 'Requested entity was not found.', [fcmError('UNREGISTERED')]);
  if (message.token === foreignDevice)
    return fcmProblem(403, 'PERMISSION_DENIED', 'SenderId mismatch', [fcmError('SENDER_ID_MISMATCH')]);
  if (message.token !== device && !message.topic)
    return fcmProblem(
      400,
      'INVALID_ARGUMENT',
      'The registration token is not a valid FCM registration token',
      [fcmError('INVALID_ARGUMENT')],
    );
  return {
    status: 200,
    body: { name: 'projects/northwind-app/messages/0:1500415314455276%31bd1c9631bd1c96' },
  };
}

/** The message in a request. */
export const pushOf = ({ body }: Received) => (JSON.parse(body) as { message: PushMessage }).message;
