import { request as httpRequest } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addMember,
  anonymousClient,
  platform,
  serviceClient,
  signUp,
  signUpUser,
  sql,
} from '../support/platform.ts';
import type { TestOwner } from '../support/users.ts';
import { makeWebhook, signed, type TestWebhook, webhookAt } from '../support/webhooks.ts';

// The function `webhook`, over HTTP.

let owner: TestOwner;
beforeAll(async () => {
  owner = await signUp();
});

const hook = (trigger: object = {}, rest: object = {}) =>
  makeWebhook(platform.api_url, sql, owner.organizationId, trigger, rest);

const executions = (workflowId: string) => sql<{ id: string; trigger: unknown; input: unknown }[]>`
  select id, trigger, input from public.workflow_executions where workflow_id = ${workflowId} order by id`;

/** The problem document of a refusal, of which nothing is left but the count. */
async function refused(webhook: TestWebhook, answer: Response, status: number, code: string) {
  const document = await answer.json();
  expect(document).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status,
    code,
    detail: expect.any(String),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await executions(webhook.workflowId)).toHaveLength(0);
  return document;
}

describe('a request with the right token', () => {
  it('starts the workflow, whose input is the JSON body, and answers 202 with the id of the execution', async () => {
    const webhook = await hook();
    const answer = await webhook.sendJson({ order: 7, tags: ['a'] });
    expect(answer.status).toBe(202);
    const [execution, ...others] = await executions(webhook.workflowId);
    expect(await answer.json()).toEqual({ execution_id: execution?.id });
    expect(others).toEqual([]);
    expect(execution).toMatchObject({
      input: { order: 7, tags: ['a'] },
      trigger: { type: 'webhook', webhook_id: webhook.id, content_type: 'application/json', headers: {} },
    });
  });

  it('waits for the result when it prefers so', async () => {
    const answer = await (await hook()).sendJson({ order: 7 }, { prefer: 'respond-async, wait=20' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=20');
    expect(await answer.json()).toEqual({
      execution_id: expect.any(String),
      status: 'succeeded',
      output: { order: 7 },
      error: null,
    });
  });

  it('that waits for a workflow that fails is told the error', async () => {
    const webhook = await hook(
      {},
      { steps: [{ id: 'say', type: 'transform', output: { $: 'input.missing' } }] },
    );
    const answer = await webhook.sendJson({}, { prefer: 'wait' });
    expect(await answer.json()).toMatchObject({
      status: 'failed',
      output: null,
      error: { code: 'missing_value' },
    });
  });

  it('that waits for longer than it prefers is answered 202', async () => {
    const webhook = await hook({}, { steps: [{ id: 'rest', type: 'delay', for: '1h' }] });
    const answer = await webhook.sendJson({}, { prefer: 'wait=1' });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ execution_id: expect.any(String) });
  });

  it('may be a form, whose names that come twice are lists', async () => {
    const webhook = await hook();
    await webhook.send({
      body: new URLSearchParams([
        ['a', '1'],
        ['b', 'x & y'],
        ['a', '2'],
        ['__proto__', 'z'],
      ]),
    });
    const parts = new FormData();
    parts.set('name', 'Ada Löve');
    await webhook.send({ body: parts });
    const inputs = (await executions(webhook.workflowId)).map(({ input }) => JSON.stringify(input));
    expect(inputs).toEqual(['{"a":["1","2"],"b":"x & y","__proto__":"z"}', '{"name":"Ada Löve"}']);
  });

  it('without a body gives an empty input', async () => {
    const webhook = await hook();
    expect((await webhook.send()).status).toBe(202);
    expect(await executions(webhook.workflowId)).toMatchObject([{ input: {} }]);
  });

  it('keeps every digit of a number', async () => {
    const webhook = await hook();
    const body = '{"n": 12345678901234567890.123}';
    await webhook.send({ body, headers: { 'content-type': 'application/json' } });
    const [row] =
      await sql`select input ->> 'n' as n from public.workflow_executions where workflow_id = ${webhook.workflowId}`;
    expect(row?.n).toBe('12345678901234567890.123');
  });

  it('brings the headers that the trigger chooses into the input', async () => {
    const webhook = await hook({ headers: { event: 'X-GitHub-Event', agent: 'x-not-there' } });
    await webhook.sendJson({ a: 1 }, { 'x-github-event': 'push', 'x-other': 'no' });
    expect(await executions(webhook.workflowId)).toMatchObject([
      { input: { a: 1, event: 'push' }, trigger: { headers: { 'x-github-event': 'push' } } },
    ]);
    const list = await webhook.sendJson([1], { 'x-github-event': 'push' });
    expect([list.status, (await list.json()).code]).toEqual([422, 'invalid_input']);
  });

  it('starts a paused workflow too, which waits until it is active again', async () => {
    const webhook = await hook();
    await sql`update public.workflows set status = 'paused' where id = ${webhook.workflowId}`;
    const { execution_id } = await (await webhook.sendJson({})).json();
    const status = async () =>
      (await sql`select status from public.workflow_executions where id = ${execution_id}`)[0]?.status;
    expect(await status()).toBe('queued');
  });
});

describe('an Idempotency-Key', () => {
  it('starts one execution, however often it comes', async () => {
    const webhook = await hook();
    const send = () => webhook.sendJson({ a: 1 }, { 'idempotency-key': 'order 7' });
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const ids = new Set(
      (await Promise.all(answers.map((answer) => answer.json()))).map(({ execution_id }) => execution_id),
    );
    expect(ids.size).toBe(1);
    expect(await executions(webhook.workflowId)).toHaveLength(1);
  });

  it('that comes with another body is refused', async () => {
    const webhook = await hook();
    await webhook.sendJson({ a: 1 }, { 'idempotency-key': 'k' });
    const answer = await webhook.sendJson({ a: 2 }, { 'idempotency-key': 'k' });
    expect([answer.status, (await answer.json()).code]).toEqual([422, 'idempotency_key_reused']);
    expect(await executions(webhook.workflowId)).toHaveLength(1);
  });

  it('gives nobody an execution that was started otherwise under the same key', async () => {
    const webhook = await hook();
    await owner.client
      .from('workflow_executions')
      .insert({ workflow_id: webhook.workflowId, idempotency_key: 'k' })
      .throwOnError();
    await webhook.sendJson({}, { 'idempotency-key': 'k' });
    expect(await executions(webhook.workflowId)).toHaveLength(2);
  });

  it('that is empty or too long is refused', async () => {
    const webhook = await hook();
    await refused(
      webhook,
      await webhook.sendJson({}, { 'idempotency-key': '' }),
      400,
      'invalid_idempotency_key',
    );
    const long = await webhook.sendJson({}, { 'idempotency-key': 'k'.repeat(256) });
    await refused(webhook, long, 400, 'invalid_idempotency_key');
  });
});

describe('refused, and nothing is written:', () => {
  let plain: TestWebhook;
  beforeAll(async () => {
    plain = await hook();
  });

  it.each(['whk_wrong', 'whk_', '%00', 'a/b'])('the wrong token %s', async (token) => {
    const answer = await fetch(`${platform.api_url}/functions/v1/webhook/${token}`, { method: 'POST' });
    expect([answer.status, (await answer.json()).code]).toEqual([404, 'webhook_not_found']);
  });

  it('a method other than POST', async () => {
    const answer = await plain.send({ method: 'GET' });
    expect(answer.headers.get('allow')).toBe('POST');
    await refused(plain, answer, 405, 'method_not_allowed');
  });

  it('a body that is too long', async () => {
    const webhook = await hook({ maxBytes: 100 });
    await refused(webhook, await webhook.sendJson({ a: 'x'.repeat(100) }), 413, 'body_too_large');
    expect((await webhook.sendJson({ a: 'x'.repeat(90) })).status).toBe(202);
  });

  it.each([
    ['{"a": ', 400, 'invalid_json'],
    [`${'['.repeat(200)}${']'.repeat(200)}`, 400, 'invalid_json'],
    [new Uint8Array([0x22, 0xff, 0x22]), 400, 'invalid_json'],
    ['{"a": "\\u0000"}', 422, 'invalid_value'],
  ])('the malformed JSON %s', async (body, status, code) => {
    const headers = { 'content-type': 'application/json' };
    await refused(plain, await plain.send({ body, headers }), status, code);
  });

  it('a form with a file, or that is none', async () => {
    const form = new FormData();
    form.set('file', new Blob(['x']), 'x.txt');
    await refused(plain, await plain.send({ body: form }), 400, 'invalid_form');
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    await refused(plain, await plain.send({ body: 'no form', headers }), 400, 'invalid_form');
  });

  it('a body of another type', async () => {
    const answer = await plain.send({ body: 'a', headers: { 'content-type': 'text/plain' } });
    await refused(plain, answer, 415, 'unsupported_media_type');
  });

  it('an input that does not fit `inputs`', async () => {
    const inputs = { type: 'object', properties: { email: { type: 'string' } }, required: ['email'] };
    const webhook = await hook({}, { inputs });
    const { detail } = await refused(webhook, await webhook.sendJson({ email: 1 }), 422, 'invalid_input');
    expect(detail).toContain('input.email is of type integer, not string');
  });

  it('a workflow that is archived', async () => {
    const webhook = await hook();
    await sql`update public.workflows set status = 'archived' where id = ${webhook.workflowId}`;
    await refused(webhook, await webhook.sendJson({}), 409, 'workflow_not_active');
  });

  it('a workflow that is a draft', async () => {
    const { data } = await owner.client
      .from('workflows')
      .insert({ organization_id: owner.organizationId, name: 'Draft' })
      .select('id')
      .single()
      .throwOnError();
    const made = await owner.client.rpc('create_webhook', { workflow_id: data.id }).throwOnError();
    const webhook = { workflowId: data.id, ...webhookAt(platform.api_url, made.data) };
    await refused(webhook, await webhook.sendJson({}), 409, 'workflow_not_active');
  });

  it('a workflow with another trigger', async () => {
    const webhook = await hook({}, { trigger: { type: 'manual' } });
    await refused(webhook, await webhook.sendJson({}), 409, 'trigger_not_webhook');
  });

  it('a webhook that is disabled or deleted', async () => {
    const webhook = await hook();
    await owner.client
      .from('workflow_webhooks')
      .update({ enabled: false })
      .eq('id', webhook.id)
      .throwOnError();
    await refused(webhook, await webhook.sendJson({}), 404, 'webhook_not_found');
    await owner.client.from('workflow_webhooks').delete().eq('id', webhook.id).throwOnError();
    await refused(webhook, await webhook.sendJson({}), 404, 'webhook_not_found');
  });

  it('more requests in a minute than the trigger allows, with the time to wait', async () => {
    const webhook = await hook({ requestsPerMinute: 2 });
    await webhook.send({ body: 'x' });
    await webhook.send({ body: 'x' });
    const answer = await webhook.sendJson({});
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    await refused(webhook, answer, 429, 'too_many_requests');
  });
});

describe('an address', () => {
  /** Sends from one of this machine's addresses, which the gateway sees. */
  const sendFrom = (localAddress: string, webhook: TestWebhook) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const url = `${platform.api_url}/functions/v1/webhook/${webhook.token}`;
      const headers = { 'cf-connecting-ip': '127.0.0.9', 'x-forwarded-for': '127.0.0.9' };
      const outgoing = httpRequest(url, { method: 'POST', localAddress, headers }, async (answer) => {
        let body = '';
        for await (const chunk of answer) body += chunk;
        resolve({ status: answer.statusCode ?? 0, body });
      });
      outgoing.once('error', reject).end();
    });

  it('that the trigger does not list is refused, whatever the caller claims, and is not counted', async () => {
    const webhook = await hook({ allowedIps: ['127.0.0.9', '10.0.0.0/8'], requestsPerMinute: 1 });
    const refusal = await sendFrom('127.0.0.1', webhook);
    expect([refusal.status, JSON.parse(refusal.body).code]).toEqual([403, 'ip_not_allowed']);
    expect((await sendFrom('127.0.0.9', webhook)).status).toBe(202);
  });

  it('in a range that the trigger lists comes in', async () => {
    const webhook = await hook({ allowedIps: ['127.0.0.8/30'] });
    expect((await sendFrom('127.0.0.7', webhook)).status).toBe(403);
    expect((await sendFrom('127.0.0.10', webhook)).status).toBe(202);
  });
});

describe('a signature', () => {
  const secret = 'a shared secret';
  const hmac = { secret: { $secret: 'HOOK_SECRET' }, timestampHeader: 'x-timestamp', tolerance: '1m' };
  const body = '{"paid": true}';
  /** Refuses whatever comes. */
  let unmoved: TestWebhook;
  const now = () => Math.floor(Date.now() / 1000);

  beforeAll(async () => {
    const { organizationId } = owner;
    const given = { organization_id: organizationId, name: 'HOOK_SECRET', value: secret };
    await owner.client.rpc('set_workflow_secret', given).throwOnError();
    unmoved = await hook({ hmac });
  });

  it('that is right lets the request in', async () => {
    const webhook = await hook({ hmac });
    expect((await webhook.send({ body, headers: signed(body, secret, now()) })).status).toBe(202);
  });

  it('of the body alone, as GitHub writes it, is enough where the trigger names no time', async () => {
    const webhook = await hook({ hmac: { secret: hmac.secret, header: 'x-hub-signature-256' } });
    const { 'x-signature': hex } = signed(body, secret);
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${hex}` };
    expect((await webhook.send({ body, headers })).status).toBe(202);
    expect((await webhook.send({ body: `${body} `, headers })).status).toBe(401);
  });

  it.each([
    ['of another secret', () => signed(body, 'another', now())],
    ['of another body', () => signed('{}', secret, now())],
    ['of another time', () => ({ ...signed(body, secret, now()), 'x-timestamp': String(now() + 1) })],
    ['that is missing', () => ({ 'content-type': 'application/json', 'x-timestamp': String(now()) })],
    ['that is no hex', () => ({ ...signed(body, secret, now()), 'x-signature': 'zz' })],
    ['without a time', () => signed(body, secret)],
  ])('%s is refused', async (_, headers) => {
    await refused(unmoved, await unmoved.send({ body, headers: headers() }), 401, 'invalid_signature');
  });

  it.each([-120, 120])('with a time %i seconds off is refused', async (off) => {
    const headers = signed(body, secret, now() + off);
    await refused(unmoved, await unmoved.send({ body, headers }), 401, 'signature_expired');
  });

  it('that comes again is refused as a replay, unless the first was not accepted', async () => {
    const inputs = { type: 'object', properties: { paid: { const: true } } };
    const webhook = await hook({ hmac }, { inputs });
    const headers = signed(body, secret, now());
    const send = () => webhook.send({ body, headers: { ...headers, 'idempotency-key': 'k' } });
    expect((await send()).status).toBe(202);
    const again = await send();
    expect([again.status, (await again.json()).code]).toEqual([409, 'webhook_replayed']);
    expect(await executions(webhook.workflowId)).toHaveLength(1);

    const wrong = '{"paid": false}';
    const unfit = () => webhook.send({ body: wrong, headers: signed(wrong, secret, now()) });
    expect([(await unfit()).status, (await unfit()).status]).toEqual([422, 422]);
  });

  it('cannot be checked without the secret, and nothing comes in', async () => {
    const webhook = await hook({ hmac: { ...hmac, secret: { $secret: 'FORGOTTEN' } } });
    const answer = await webhook.send({ body, headers: signed(body, '', now()) });
    await refused(webhook, answer, 500, 'secret_not_found');
  });
});

describe('managing webhooks', () => {
  it('gives an editor a webhook of a workflow', async () => {
    const workflowId = (await hook()).workflowId;
    const { data } = await owner.client
      .rpc('create_webhook', { workflow_id: workflowId, name: 'Shop' })
      .throwOnError();
    expect(data).toEqual({
      id: expect.any(String),
      token: expect.stringMatching(/^whk_[0-9a-f]{64}$/),
      path: `/functions/v1/webhook/${data.token}`,
    });
    expect((await webhookAt(platform.api_url, data).sendJson({})).status).toBe(202);
  });

  it('is for editors of the organisation', async () => {
    const webhook = await hook();
    const viewer = await signUpUser();
    await addMember(owner.organizationId, viewer.id, 'viewer');
    const stranger = await signUp();
    for (const { client } of [viewer, stranger]) {
      expect((await client.from('workflow_webhooks').select()).data).toEqual([]);
      const made = await client.rpc('create_webhook', { workflow_id: webhook.workflowId });
      expect(made.error).not.toBeNull();
      const rotated = await client.rpc('rotate_webhook', { webhook_id: webhook.id });
      expect(rotated.error).toMatchObject({ details: 'webhook_not_found' });
    }
    expect(
      (await anonymousClient().rpc('create_webhook', { workflow_id: webhook.workflowId })).error,
    ).not.toBeNull();
    expect((await webhook.sendJson({})).status).toBe(202);
    const [count] =
      await sql`select count(*)::int as n from public.workflow_webhooks where workflow_id = ${webhook.workflowId}`;
    expect(count?.n).toBe(1);
  });

  it('shows everything of a webhook but its token, which is kept as a hash', async () => {
    const webhook = await hook();
    const { data } = await owner.client
      .from('workflow_webhooks')
      .select('*')
      .eq('id', webhook.id)
      .single()
      .throwOnError();
    expect(data).toMatchObject({
      workflow_id: webhook.workflowId,
      name: 'Webhook',
      enabled: true,
      rotated_at: null,
    });
    expect(JSON.stringify(data)).not.toContain(webhook.token.slice(4));
    const [kept] = await sql`
      select encode(hash, 'hex') = encode(sha256(${webhook.token}::text::bytea), 'hex') as hashed
      from workflow.webhook_tokens where webhook_id = ${webhook.id}`;
    expect(kept).toEqual({ hashed: true });
  });

  it('replaces a token, and lets the old one work for the grace that is given', async () => {
    const webhook = await hook();
    const rotate = async (grace?: string) => {
      const given = { webhook_id: webhook.id, ...(grace ? { grace } : {}) };
      const { data } = await owner.client.rpc('rotate_webhook', given).throwOnError();
      return webhookAt(platform.api_url, data);
    };
    const second = await rotate();
    expect(second.token).not.toBe(webhook.token);
    expect((await webhook.sendJson({})).status).toBe(202);
    expect((await second.sendJson({})).status).toBe(202);
    const third = await rotate('0');
    expect((await second.sendJson({})).status).toBe(404);
    expect((await webhook.sendJson({})).status).toBe(404);
    expect((await third.sendJson({})).status).toBe(202);
  });

  it('works for the service role too', async () => {
    const webhook = await hook();
    const { data } = await serviceClient()
      .rpc('rotate_webhook', { webhook_id: webhook.id, grace: '0' })
      .throwOnError();
    expect((await webhookAt(platform.api_url, data).sendJson({})).status).toBe(202);
  });
});
