import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { useOwnPlatform } from '../support/own-platform.ts';
import { device, firebaseVariables, pushOf, startFirebase } from '../support/providers/firebase.ts';
import { mailOf, sendGridVariables, startSendGrid } from '../support/providers/sendgrid.ts';
import type { Received } from '../support/providers/server.ts';
import { slackVariables, startSlack } from '../support/providers/slack.ts';
import { formOf, startTwilio, twilioVariables } from '../support/providers/twilio.ts';
import { runSteps, stepOf } from '../support/workflows.ts';

// Steps that reach outside, through the worker: http and notifications.

const worker = fileURLToPath(new URL('../fixtures/worker/index.ts', import.meta.url));
const [sendGrid, twilio, firebase, slack] = [
  await startSendGrid(),
  await startTwilio(),
  await startFirebase(),
  await startSlack(),
];
const variables = {
  ...sendGridVariables(sendGrid),
  ...twilioVariables(twilio),
  ...firebaseVariables(firebase),
  ...slackVariables(slack),
};
const { signUp, platform } = await useOwnPlatform({ worker, variables });

const calls: { key: string | undefined; body: string }[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  calls.push({ key: request.headers['idempotency-key'] as string | undefined, body });
  response.writeHead(calls.length === 1 ? 503 : 201, { 'content-type': 'application/json' });
  response.end('{"id": 7}');
});
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('an http step is tried again under one idempotency key, and later steps read its answer', async () => {
  const snapshot = await runSteps(
    await signUp(),
    [
      {
        id: 'order',
        type: 'http',
        method: 'POST',
        url,
        body: { name: { $: 'input.name' } },
        retry: { attempts: 2, backoff: 'none', delay: '1s' },
      },
      {
        id: 'number',
        type: 'transform',
        output: { $: '[steps.order.output.status, steps.order.output.body.id]' },
      },
    ],
    {},
    { name: 'Ada' },
  );
  expect(snapshot.execution).toMatchObject({ status: 'succeeded', output: [201, 7] });
  const { id, attempt } = stepOf(snapshot, 'order');
  expect(attempt).toBe(2);
  expect(calls).toEqual([
    { key: id, body: '{"name":"Ada"}' },
    { key: id, body: '{"name":"Ada"}' },
  ]);
});

it('an http step to an address inside is refused, and says who may allow it', async () => {
  const call = { id: 'call', type: 'http', url: 'http://169.254.169.254/latest/meta-data' };
  const { execution } = await runSteps(await signUp(), [call]);
  expect(execution).toMatchObject({
    status: 'failed',
    error: {
      code: 'url_not_allowed',
      step: 'call',
      retryable: false,
      hint: expect.stringContaining('WORKFLOW_HTTP_ALLOW'),
    },
  });
});

it('every channel sends from the worker, with the packages it loads there', async () => {
  const tell = (channel: string, to: string) => ({
    id: channel,
    type: 'notification',
    channel,
    to,
    template: 'welcome',
    locale: 'de',
    data: { firstName: { $: 'input.name' }, organizationName: 'Northwind' },
  });
  const branches = {
    email: [tell('email', 'ada@example.com')],
    sms: [tell('sms', '+442079460101')],
    push: [tell('push', device)],
    slack: [tell('slack', '#sales')],
  };
  const all = { id: 'all', type: 'parallel', branches };
  const { execution } = await runSteps(await signUp(), [all], {}, { name: '<Ada>' });
  expect(execution).toMatchObject({
    status: 'succeeded',
    output: { email: { status: 'sent' }, sms: { status: 'sent' }, push: { status: 'sent' }, slack: {} },
  });
  const mail = mailOf(sendGrid.requests[0] as Received);
  expect(mail).toMatchObject({ subject: 'Willkommen bei Northwind, <Ada>', categories: ['welcome'] });
  expect(mail.content[1]).toMatchObject({
    type: 'text/html',
    value: expect.stringContaining('Hallo &lt;Ada&gt;,'),
  });
  expect(formOf(twilio.requests[0] as Received).Body).toBe(
    'Schön, dass Sie bei Northwind sind. Ihr Konto ist bereit.',
  );
  expect(pushOf(firebase.requests.at(-1) as Received).notification.title).toBe('Willkommen, <Ada>');
  expect(formOf(slack.requests[0] as Received).text).toMatch(/^\*Willkommen, &lt;Ada&gt;\*\n/);
});

it('a notification on channel log is a line in the log of the worker', async () => {
  const snapshot = await runSteps(
    await signUp(),
    [
      {
        id: 'tell',
        type: 'notification',
        channel: 'log',
        to: 'ops',
        subject: 'Hello',
        body: 'Hello {{ input.name }}',
      },
    ],
    {},
    { name: 'Ada' },
  );
  const { id, output } = stepOf(snapshot, 'tell');
  expect(output).toMatchObject({ channel: 'log', status: 'sent', deliveries: [{ to: 'ops' }] });
  const log = readFileSync(join(platform.details.data_dir, 'logs/function-worker.log'), 'utf8');
  const line = log.split('\n').find((one) => one.includes(id));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ event: 'workflow.notification', body: 'Hello Ada' });
});
