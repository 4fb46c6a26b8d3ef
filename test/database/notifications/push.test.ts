import { describe, expect, it } from 'vitest';
import {
  device,
  firebaseVariables,
  foreignDevice,
  goneDevice,
  pushOf,
  quotaExceeded,
  startFirebase,
} from '../../support/providers/firebase.ts';
import { changed, useNotifications, useVariables } from './support.ts';

const { sql, notify } = await useNotifications();
const firebase = await startFirebase();
useVariables(firebaseVariables(firebase));

const push = {
  channel: 'push',
  to: device,
  subject: 'Shift published',
  body: 'You are on from 7:30.',
  data: { shift: { $: '7' }, place: 'Hall 2' },
};

it('a push notification arrives at FCM as its API wants it; a repetition replaces it on the device', async () => {
  const { id, output } = await notify(push);
  const request = firebase.requests.at(-1);
  expect(request?.path).toBe('/v1/projects/northwind-app/messages:send');
  expect(pushOf(request as never)).toEqual({
    token: device,
    notification: { title: 'Shift published', body: 'You are on from 7:30.' },
    data: { shift: '7', place: 'Hall 2', delivery_key: id },
    android: { notification: { tag: id } },
    apns: { headers: { 'apns-collapse-id': id } },
    webpush: { notification: { tag: id } },
  });
  const [row] =
    await sql`select recipient, status, provider_id from public.push_notifications where step_run_id = ${id}`;
  expect(row).toMatchObject({ recipient: device, status: 'sent' });
  expect(output).toMatchObject({ providerId: expect.stringMatching(/^projects\/northwind-app\/messages\//) });
});

it('a topic reaches whoever has subscribed to it', async () => {
  await notify({ ...push, to: 'topic:crew' });
  expect(pushOf(firebase.requests.at(-1) as never)).toMatchObject({ topic: 'crew' });
});

it('one access token serves until it ends; a refused one is replaced', async () => {
  await notify(push);
  const before = firebase.grants();
  await notify(push);
  expect(firebase.grants()).toBe(before);
  firebase.revoke();
  expect((await notify(push)).status).toBe('succeeded');
  expect(firebase.grants()).toBe(before + 1);
});

describe('refused before FCM is called', () => {
  it.each(['short', 'with a space in the middle of it', 'topic:with space'])(
    'the recipient %s',
    async (to) => {
      expect((await notify({ ...push, to })).error).toMatchObject({ code: 'invalid_recipient' });
    },
  );

  it('a worker without a service account', async () => {
    const { error } = await changed({ FIREBASE_SERVICE_ACCOUNT: '' }, () => notify(push));
    expect(error).toMatchObject({
      code: 'integration_not_configured',
      hint: expect.stringContaining('FIREBASE_SERVICE_ACCOUNT'),
    });
  });

  it('a lone server key, and says what to use instead', async () => {
    const lone = { FIREBASE_SERVICE_ACCOUNT: '', FIREBASE_SERVER_KEY: 'AAAA:key' };
    const { error } = await changed(lone, () => notify(push));
    expect(error).toMatchObject({
      code: 'integration_misconfigured',
      path: 'FIREBASE_SERVER_KEY',
      hint: expect.stringContaining('FIREBASE_SERVICE_ACCOUNT'),
    });
  });

  it.each([
    ['is no JSON', { FIREBASE_SERVICE_ACCOUNT: '{' }],
    ['lacks what it needs', firebaseVariables(firebase, { project_id: '' })],
    ['holds no key', firebaseVariables(firebase, { private_key: 'x', private_key_id: 'y' })],
  ])('a service account that %s', async (_, variables) => {
    const { error } = await changed(variables, () => notify(push));
    expect(error).toMatchObject({
      code: 'integration_misconfigured',
      path: 'FIREBASE_SERVICE_ACCOUNT',
      retryable: false,
    });
  });
});

describe("FCM's refusals", () => {
  it.each([
    ['a device that is gone', goneDevice, 'UNREGISTERED'],
    ["another app's device", foreignDevice, 'SENDER_ID_MISMATCH'],
    ['a token that is none', 'not-a-token-of-any-device', 'INVALID_ARGUMENT'],
  ])('%s is not tried again', async (_, to, provider_code) => {
    const { error } = await notify({ ...push, to });
    expect(error).toMatchObject({ code: 'recipient_refused', retryable: false, details: { provider_code } });
  });

  it('an account that Google does not know', async () => {
    const stranger = firebaseVariables(firebase, { client_email: 'who@example.com' });
    expect((await changed(stranger, () => notify(push))).error).toMatchObject({
      code: 'provider_unauthorized',
      message: expect.stringContaining('Invalid JWT Signature'),
    });
  });

  it('too many messages and failures may be tried again', async () => {
    await notify(push);
    firebase.next.push(() => quotaExceeded);
    expect((await notify(push)).error).toMatchObject({
      code: 'provider_rate_limited',
      retryable: true,
      retry_after_ms: 60_000,
    });
    firebase.next.push(() => ({ status: 503, body: '<html>' }));
    expect((await notify(push)).error).toMatchObject({ code: 'provider_unavailable', retryable: true });
  });
});
