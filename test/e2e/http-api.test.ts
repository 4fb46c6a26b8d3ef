import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../functions/api/routes/index.ts';
import { checkAnswer, type OpenApi, operationsOf } from '../support/openapi.ts';
import { addMember, platform, signUp, signUpUser, sql } from '../support/platform.ts';
import type { TestOwner, TestUser } from '../support/users.ts';
import { finishedExecution, publishSteps } from '../support/workflows.ts';

// The function `api`, over HTTP. Every answer is held to the OpenAPI document that the function serves.

const api = `${platform.api_url}/functions/v1/api`;
let document: OpenApi;
let owner: TestOwner;
let viewer: TestUser;
const succeeded = new Set<string>();

beforeAll(async () => {
  document = (await (await fetch(`${api}/openapi.json`)).json()) as OpenApi;
  owner = await signUp();
  viewer = await signUpUser();
  await addMember(owner.organizationId, viewer.id, 'viewer');
});

async function tokenOf({ client }: TestUser): Promise<string> {
  return (await client.auth.getSession()).data.session?.access_token ?? '';
}

interface Answered {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
  headers: Headers;
}

/** Calls the API as somebody; null: as nobody. */
async function call(
  who: TestUser | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const authorization: Record<string, string> = who ? { authorization: `Bearer ${await tokenOf(who)}` } : {};
  const response = await fetch(`${api}${path}`, {
    method,
    headers: { ...authorization, ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const type = response.headers.get('content-type') ?? '';
  const answered = { status: response.status, body: await response.json(), headers: response.headers };
  const { name, wrong } = checkAnswer(document, method, path.replace(/\?.*/, ''), { ...answered, type });
  expect(wrong, `${name} ${JSON.stringify(answered.body)}`).toBeUndefined();
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  if (response.ok) succeeded.add(name);
  return answered;
}

const say = [{ id: 'say', type: 'transform', output: { $: 'input' } }];
const rest = [{ id: 'rest', type: 'delay', for: '1h' }];
const publish = (steps: unknown[], more: Record<string, unknown> = {}) =>
  publishSteps(owner.client, owner.organizationId, steps, more);
const start = async (workflowId: string, body: object = {}): Promise<string> =>
  (await call(owner, 'POST', `/workflows/${workflowId}/executions`, body)).body.id;

describe('publishing', () => {
  const definition = { name: 'Through the API', trigger: { type: 'manual' }, steps: say };

  it('makes a workflow of an organisation, and further versions of it', async () => {
    const body = { organization_id: owner.organizationId, category: 'sales', definition };
    const first = await call(owner, 'POST', '/workflows', body);
    expect(first).toMatchObject({ status: 201, body: { version: 1 } });
    const id = first.body.workflow_id;
    const second = await call(owner, 'POST', `/workflows/${id}/versions`, { definition });
    expect(second).toMatchObject({ status: 201, body: { workflow_id: id, version: 2 } });
    const { body: list } = await call(
      owner,
      'GET',
      `/workflows?organization_id=${owner.organizationId}&category=sales`,
    );
    expect(list.data).toMatchObject([{ id, name: 'Through the API', status: 'active', active_version: 2 }]);
  });

  it('of a definition that is wrong names everything, and writes nothing', async () => {
    const count = async () =>
      (await sql`select count(*) from public.workflows where organization_id = ${owner.organizationId}`)[0];
    const before = await count();
    const wrong = { ...definition, steps: [{ ...say[0], typ: 1, output: { $: 'inpt.x' } }] };
    const refusal = await call(owner, 'POST', '/workflows', {
      organization_id: owner.organizationId,
      definition: wrong,
    });
    expect(refusal).toMatchObject({ status: 422, body: { code: 'invalid_definition' } });
    expect(refusal.body.errors.map(({ path, code }: { path: string; code: string }) => [path, code])).toEqual(
      [
        ['steps[0].typ', 'unknown_field'],
        ['steps[0].output', 'unknown_root'],
      ],
    );
    // What only the database knows leaves no workflow behind either.
    const unwatched = { ...definition, trigger: { type: 'event', table: 'nowhere', events: ['insert'] } };
    const refused = await call(owner, 'POST', '/workflows', {
      organization_id: owner.organizationId,
      definition: unwatched,
    });
    expect(refused).toMatchObject({ status: 422, body: { code: 'unknown_table', hint: expect.any(String) } });
    expect(await count()).toEqual(before);
  });

  it('is for editors', async () => {
    const id = await publish(say);
    const version = await call(viewer, 'POST', `/workflows/${id}/versions`, { definition });
    expect(version).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
    const stranger = await signUp();
    const foreign = await call(stranger, 'POST', `/workflows/${id}/versions`, { definition });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'workflow_not_found' } });
    const create = await call(stranger, 'POST', '/workflows', {
      organization_id: owner.organizationId,
      definition,
    });
    expect(create).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
    expect((await call(stranger, 'GET', '/workflows')).body).toEqual({ data: [], next: null });
  });
});

describe('starting', () => {
  it('gives the execution, which runs, and can be read with its step runs', async () => {
    const workflowId = await publish(say);
    const { status, body, headers } = await call(owner, 'POST', `/workflows/${workflowId}/executions`, {
      input: { name: 'Ada' },
      priority: 5,
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${api}/executions/${body.id}`);
    expect(body).toMatchObject({
      workflow_id: workflowId,
      input: { name: 'Ada' },
      priority: 5,
      created_by: owner.id,
    });
    await finishedExecution(owner.client, body.id);
    const ended = await call(owner, 'GET', `/executions/${body.id}`);
    expect(ended.body).toMatchObject({ status: 'succeeded', output: { name: 'Ada' } });
    const steps = await call(owner, 'GET', `/executions/${body.id}/steps`);
    expect(steps.body).toMatchObject({ data: [{ step_id: 'say', status: 'succeeded' }], next: null });
  });

  it('under a known Idempotency-Key gives the first execution again', async () => {
    const workflowId = await publish(say);
    const send = () =>
      call(owner, 'POST', `/workflows/${workflowId}/executions`, {}, { 'idempotency-key': 'order 7' });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body.id).toBe(first.body.id);
  });

  it('with an input that does not fit is refused', async () => {
    const inputs = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const workflowId = await publish(say, { inputs });
    const refusal = await call(owner, 'POST', `/workflows/${workflowId}/executions`, { input: { n: 'x' } });
    expect(refusal).toMatchObject({
      status: 422,
      body: {
        code: 'invalid_input',
        detail: expect.stringContaining('input.n is of type string, not integer'),
      },
    });
  });

  it('is for editors of the organisation, and of workflows that are active', async () => {
    const workflowId = await publish(say);
    const path = `/workflows/${workflowId}/executions`;
    expect(await call(viewer, 'POST', path, {})).toMatchObject({
      status: 403,
      body: { code: 'not_allowed' },
    });
    const foreign = await call(await signUp(), 'POST', path, {});
    expect(foreign).toMatchObject({ status: 404, body: { code: 'workflow_not_found' } });
    await sql`update public.workflows set status = 'archived' where id = ${workflowId}`;
    expect(await call(owner, 'POST', path, {})).toMatchObject({
      status: 409,
      body: { code: 'workflow_not_active' },
    });
  });
});

describe('a list', () => {
  it('comes page by page, newest first, of what the filters leave', async () => {
    const workflowId = await publish(rest);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push(await start(workflowId));
    await call(owner, 'POST', `/executions/${ids[1]}/cancel`);
    const list = (query: string) => call(owner, 'GET', `/executions?workflow_id=${workflowId}${query}`);
    const idsOf = ({ body }: Answered) => body.data.map(({ id }: { id: string }) => id);
    const first = await list('&limit=2');
    expect(idsOf(first)).toEqual([ids[2], ids[1]]);
    const second = await list(`&limit=2&after=${first.body.next}`);
    expect([idsOf(second), second.body.next]).toEqual([[ids[0]], null]);
    expect(idsOf(await list('&status=cancelled'))).toEqual([ids[1]]);
    expect(idsOf(await list('&mode=test'))).toEqual([]);
    expect((await list('&limit=3')).body.next).toBeNull();
  });

  it('shows strangers nothing', async () => {
    const workflowId = await publish(rest);
    const id = await start(workflowId);
    const stranger = await signUp();
    expect((await call(stranger, 'GET', `/executions?workflow_id=${workflowId}`)).body.data).toEqual([]);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/steps'],
      ['POST', '/cancel'],
      ['POST', '/retry'],
    ] as const) {
      const refusal = await call(
        stranger,
        method,
        `/executions/${id}${path}`,
        method === 'POST' ? {} : undefined,
      );
      expect(refusal).toMatchObject({ status: 404, body: { code: 'execution_not_found' } });
    }
  });
});

describe('an execution', () => {
  it('is cancelled, once or twice; one that has ended is not', async () => {
    const id = await start(await publish(rest));
    expect(await call(viewer, 'POST', `/executions/${id}/cancel`)).toMatchObject({
      status: 403,
      body: { code: 'not_allowed' },
    });
    for (let n = 0; n < 2; n++) {
      expect(await call(owner, 'POST', `/executions/${id}/cancel`)).toMatchObject({
        status: 200,
        body: { id, status: 'cancelled' },
      });
    }
    const ended = await start(await publish(say));
    await finishedExecution(owner.client, ended);
    const late = await call(owner, 'POST', `/executions/${ended}/cancel`);
    expect(late).toMatchObject({ status: 409, body: { code: 'execution_ended' } });
  });

  it('is repeated in a new one, with other input; not while it runs', async () => {
    const list = {
      id: 'list',
      type: 'loop',
      items: 'input.list',
      steps: say.map((step) => ({ ...step, output: 1 })),
    };
    const workflowId = await publish([list]);
    const failed = await start(workflowId, { input: { list: 'none' } });
    await finishedExecution(owner.client, failed);
    const body = { from: '@failed', input: { list: [1] }, version: 'same' };
    const again = await call(owner, 'POST', `/executions/${failed}/retry`, body);
    expect(again).toMatchObject({
      status: 201,
      body: { retry_of: failed, retry_from: 'list', input: { list: [1] } },
    });
    const repeated = await call(owner, 'POST', `/executions/${failed}/retry`);
    expect(repeated.body).toMatchObject({ retry_of: failed, retry_from: null, input: { list: 'none' } });
    const open = await start(await publish(rest));
    const early = await call(owner, 'POST', `/executions/${open}/retry`, {});
    expect(early).toMatchObject({ status: 409, body: { code: 'execution_not_ended' } });
  });
});

it('an approval is found and decided by whoever was asked, once', async () => {
  const ask = { id: 'ask', type: 'approval', title: 'Discount?', approvers: [viewer.id] };
  const id = await start(await publish([ask]));
  const find = () => call(viewer, 'GET', `/approvals?execution_id=${id}&status=pending`);
  await expect.poll(async () => (await find()).body.data.length, { timeout: 15_000 }).toBe(1);
  const [approval] = (await find()).body.data;
  expect(approval).toMatchObject({ title: 'Discount?', approver_ids: [viewer.id] });
  const path = `/approvals/${approval.id}/decisions`;
  const refused = await call(owner, 'POST', path, { decision: 'approve' });
  expect(refused).toMatchObject({ status: 403, body: { code: 'not_an_approver' } });
  const unknown = await call(viewer, 'POST', `/approvals/${randomUUID()}/decisions`, { decision: 'approve' });
  expect(unknown).toMatchObject({ status: 404, body: { code: 'approval_not_found' } });
  const decided = await call(viewer, 'POST', path, { decision: 'approve', comment: 'Fine.' });
  expect(decided).toMatchObject({
    status: 201,
    body: { decision: 'approve', comment: 'Fine.', user_id: viewer.id },
  });
  expect(await call(viewer, 'POST', path, { decision: 'reject' })).toMatchObject({
    status: 409,
    body: { code: 'already_decided' },
  });
  const { execution } = await finishedExecution(owner.client, id);
  expect(execution).toMatchObject({ status: 'succeeded', output: { decision: 'approved' } });
});

describe('a request that is wrong', () => {
  it('without a token, or with one that is not right, is answered 401', async () => {
    expect(await call(null, 'GET', '/executions')).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
    for (const authorization of ['Bearer nonsense', `Bearer ${(await tokenOf(owner)).slice(0, -3)}abc`]) {
      const refusal = await call(null, 'GET', '/executions', undefined, { authorization });
      expect(refusal).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
    const anonymous = await call(null, 'GET', '/executions', undefined, { apikey: platform.publishable_key });
    expect(anonymous.status).toBe(401);
  });

  it.each([
    ['GET', '/executions?limit=1000', undefined, 'limit'],
    ['GET', '/executions?workflowId=1', undefined, ''],
    ['GET', '/executions?after=x', undefined, 'after'],
    ['GET', '/executions/7', undefined, 'id'],
    ['POST', `/workflows/${randomUUID()}/executions`, { input: {}, key: 1 }, ''],
    ['POST', `/workflows/${randomUUID()}/executions`, { priority: 1.5 }, 'priority'],
    ['POST', `/approvals/${randomUUID()}/decisions`, { decision: 'maybe' }, 'decision'],
  ])('%s %s with %j is answered 400, with the path of what is wrong', async (method, path, body, at) => {
    const refusal = await call(owner, method, path, body);
    expect(refusal).toMatchObject({
      status: 400,
      body: { errors: [{ path: at, message: expect.any(String) }] },
    });
  });

  it('in its JSON, or too long, is answered 400 and 413', async () => {
    const path = `/workflows/${randomUUID()}/executions`;
    expect(await call(owner, 'POST', path, '{"input": ')).toMatchObject({
      status: 400,
      body: { code: 'invalid_json' },
    });
    const long = { input: 'x'.repeat(2_000_000) };
    expect(await call(owner, 'POST', path, long)).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
  });

  it('in path or method is answered 404 and 405', async () => {
    const nowhere = await fetch(`${api}/nowhere`);
    expect([nowhere.status, (await nowhere.json()).code]).toEqual([404, 'route_not_found']);
    const wrong = await fetch(`${api}/executions`, { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow'), (await wrong.json()).code]).toEqual([
      405,
      'GET, OPTIONS',
      'method_not_allowed',
    ]);
  });
});

it('browsers of every origin may call', async () => {
  const asked = await fetch(`${api}/executions`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,idempotency-key',
    },
  });
  expect(asked.status).toBe(204);
  expect(asked.headers.get('access-control-allow-origin')).toBe('*');
  expect(asked.headers.get('access-control-allow-headers')).toBe('authorization,idempotency-key');
  expect(asked.headers.get('access-control-allow-methods')).toContain('POST');
});

describe('the OpenAPI document', () => {
  it('has every route, its parameters, and no reference that leads nowhere', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const operations = operationsOf(document);
    expect(operations.map(({ name }) => name).sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path}`).sort(),
    );
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      const named = operation.parameters
        .filter((one) => one.in === 'path' && one.required)
        .map(({ name }) => name);
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const response of Object.values(operation.responses)) expect(response.description).toBeTruthy();
    }
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    const targets = new Set([...references].map(([, target = '']) => target));
    const missing = [...targets].filter(
      (target) => !(target.replace('#/components/schemas/', '') in document.components.schemas),
    );
    expect(missing).toEqual([]);
    expect([...targets]).toContain('#/components/schemas/Definition');
  });
});

it('every route of the document has been called with success by the tests above', () => {
  const names = operationsOf(document).map(({ name }) => name);
  expect(names.filter((name) => !succeeded.has(name))).toEqual([]);
});
