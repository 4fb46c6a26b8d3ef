import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { act, say, useRuns } from '../../support/runs.ts';

// What each field of a definition does, run on the engine. A title begins with its fields: a test holds the
// titles of these files to the schema.

const database = await useEngineDatabase();
const { run, outputOf, logged } = useRuns(database);
const { sql } = database;

const calls: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
const answers: number[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  calls.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
  response.writeHead(answers.shift() ?? 200, { 'content-type': 'application/json' }).end('{"n": 7}');
});
let origin = '';

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  vi.stubEnv('WORKFLOW_HTTP_ALLOW', `127.0.0.1:${port}`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  vi.unstubAllEnvs();
});
afterEach(() => {
  calls.length = 0;
});

it('workflow.name, workflow.description, workflow.$schema, workflow.formatVersion: are for people and editors; the name is the workflow’s', async () => {
  const about = {
    name: 'Shipping',
    description: 'Ships.',
    $schema: './workflow.schema.json',
    formatVersion: 1,
  };
  const { workflowId, execution: ended } = await run([say('one', { $: 'workflow.name' })], about);
  expect(ended.output).toBe('Shipping');
  const [row] = await sql`select w.name, v.definition from public.workflows w
    join public.workflow_versions v on v.workflow_id = w.id where w.id = ${workflowId}`;
  expect(row).toMatchObject({ name: 'Shipping', definition: about });
});

it('workflow.variables: are what expressions call variables', async () => {
  const { execution: ended } = await run([say('one', { $: 'variables.rate * 2' })], {
    variables: { rate: 21 },
  });
  expect(ended.output).toBe(42);
});

it('workflow.steps: run in order, and the last output is the execution’s', async () => {
  const { execution: ended } = await run([say('one', 1), say('two', { $: '[steps.one.output, 2]' })]);
  expect(ended).toMatchObject({ status: 'succeeded', output: [1, 2], steps_done: 2 });
});

it('workflow.onFailure: runs with the error before the execution fails', async () => {
  const { execution: ended, of } = await run([act('bad', 'fields.fail')], {
    onFailure: [say('told', '{{ error.code }} at {{ error.step }}')],
  });
  expect(of('told')).toMatchObject([{ status: 'succeeded', output: 'fails at bad' }]);
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'fails' } });
});

it('workflow.trigger, manual.type: the input is what it was started with', async () => {
  const { execution: ended } = await run([say('one', { $: '[trigger.type, input.a]' })], {}, { a: 1 });
  expect(ended.output).toEqual(['manual', 1]);
});

it('step.id, step.type, step.name: the id names the step for those after it, the name is for people', async () => {
  const { of } = await run([say('one', 1, { name: 'The first one' }), say('two', { $: 'steps.one.output' })]);
  expect(of('one')).toMatchObject([{ step_id: 'one', type: 'transform', output: 1 }]);
  expect(of('two')).toMatchObject([{ output: 1 }]);
});

it('step.when: false skips the step, as CEL and as a rule tree', async () => {
  const rule = { field: 'input.n', op: 'gt', value: 1 };
  const { of } = await run(
    [say('a', 1, { when: 'input.n > 1' }), say('b', 1, { when: rule }), say('c', 1)],
    {},
    { n: 1 },
  );
  expect(['a', 'b', 'c'].map((path) => of(path)[0]?.status)).toEqual(['skipped', 'skipped', 'succeeded']);
});

it('step.timeout: limits one attempt', async () => {
  const { execution: ended } = await run([act('slow', 'fields.hang', { timeout: '50ms' })]);
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'timeout', step: 'slow' } });
});

it('step.onError: fails, continues, or runs steps that see the error', async () => {
  const fail = (onError?: unknown) =>
    run([act('bad', 'fields.fail', { onError }), say('after', { $: 'steps.bad.output' })]);
  expect((await fail()).of('after')).toEqual([]);
  expect((await fail('continue')).execution).toMatchObject({ status: 'succeeded', output: null });
  const caught = await fail([say('caught', { $: 'error.code' })]);
  expect(caught.of('bad')).toMatchObject([{ status: 'failed', handled: true, output: 'fails' }]);
  expect(caught.execution.output).toBe('fails');
});

it('action.action, action.params: name the handler and what it is given, evaluated', async () => {
  const params = { sum: { $: '1 + 2' }, text: 'n {{ 4 }}', raw: { $raw: '{{ 4 }}' } };
  expect(await outputOf(act('one', 'fields.echo', { params }))).toEqual({
    sum: 3,
    text: 'n 4',
    raw: '{{ 4 }}',
  });
});

it('action.retry, retry.attempts, retry.backoff, retry.delay, retry.maxDelay: say how often and how long after each failure', async () => {
  const waits = async (retry: { attempts: number; [field: string]: unknown }) => {
    const ended = await run([act('bad', 'fields.fail', { retry })]);
    expect(ended.of('bad')).toMatchObject([{ status: 'failed', attempt: retry.attempts }]);
    return ended.waits;
  };
  const [first = 0, second = 0, ...none] = await waits({ attempts: 3, delay: '10s', maxDelay: '15s' });
  expect([first > 4 && first <= 10, second > 7 && second <= 15, none]).toEqual([true, true, []]);
  const fixed = await waits({ attempts: 4, backoff: 'fixed', delay: '10s', maxDelay: '1s' });
  expect(fixed).toHaveLength(3);
  for (const wait of fixed) expect(wait > 4 && wait <= 10).toBe(true);
  for (const wait of await waits({ attempts: 3, backoff: 'none', delay: '10s' })) expect(wait).toBe(0);
});

it('condition.if, condition.then, condition.else: one of two branches runs', async () => {
  const choose = (n: number) =>
    run(
      [{ id: 'big', type: 'condition', if: 'input.n > 1', then: [say('yes', 1)], else: [say('no', 1)] }],
      {},
      { n },
    );
  const [big, small] = [await choose(2), await choose(1)];
  expect([big.of('yes').length, big.of('no').length, small.of('yes').length, small.of('no').length]).toEqual([
    1, 0, 0, 1,
  ]);
  expect(big.of('big')).toMatchObject([{ output: { result: true, branch: 'then' } }]);
});

it('notification.channel, notification.to, notification.subject, notification.body, notification.data: are what is sent', async () => {
  const lines = logged();
  const message = {
    to: { $: 'input.to' },
    subject: 'Hi {{ input.to }}',
    body: 'Text',
    data: { n: { $: '1 + 1' } },
  };
  const { of } = await run(
    [{ id: 'tell', type: 'notification', channel: 'log', ...message }],
    {},
    { to: 'ada' },
  );
  expect(lines).toMatchObject([
    { channel: 'log', to: 'ada', subject: 'Hi ada', body: 'Text', data: { n: 2 } },
  ]);
  expect(of('tell')).toMatchObject([{ status: 'succeeded', output: { channel: 'log', status: 'sent' } }]);
});

it('delay.for: waits that long', async () => {
  const { waits, of } = await run(
    [{ id: 'wait', type: 'delay', for: '{{ input.days }}d' }, say('after', 1)],
    {},
    { days: 3 },
  );
  expect(waits).toHaveLength(1);
  expect(Math.round((waits[0] ?? 0) / 3600)).toBe(72);
  expect(of('after')).toMatchObject([{ status: 'succeeded' }]);
});

it('delay.until: waits for that moment', async () => {
  const until = new Date(Date.now() + 86_400_000).toISOString();
  const { waits, of } = await run(
    [{ id: 'wait', type: 'delay', until: { $: 'input.until' } }],
    {},
    { until },
  );
  expect(Math.round((waits[0] ?? 0) / 3600)).toBe(24);
  expect(of('wait')).toMatchObject([{ status: 'succeeded', output: { until } }]);
});

it('http.method, http.url, http.query, http.headers, http.body: are the request', async () => {
  const request = {
    method: 'PUT',
    url: `${origin}/{{ input.id }}`,
    query: { a: 1, b: ['x', 'y'] },
    headers: { 'X-Name': '{{ input.name }}' },
    body: { n: { $: 'input.id + 1' } },
  };
  const { execution: ended } = await run(
    [{ id: 'call', type: 'http', ...request }],
    {},
    { id: 5, name: 'Ada' },
  );
  expect(calls).toMatchObject([
    { method: 'PUT', url: '/5?a=1&b=x&b=y', headers: { 'x-name': 'Ada' }, body: '{"n":6}' },
  ]);
  expect(ended.output).toMatchObject({ status: 200, body: { n: 7 } });
});

it('http.expect: the statuses that count as success', async () => {
  const call = (expected?: unknown[]) => {
    answers.push(404);
    return run([{ id: 'call', type: 'http', url: origin, ...(expected ? { expect: expected } : {}) }]);
  };
  expect((await call()).execution.error).toMatchObject({ code: 'http_status', details: { status: 404 } });
  expect((await call(['2xx', 404])).execution.output).toMatchObject({ status: 404 });
});

it('http.retry: a status worth another attempt gets one', async () => {
  answers.push(503);
  const { of } = await run([
    { id: 'call', type: 'http', url: origin, retry: { attempts: 2, backoff: 'none' } },
  ]);
  expect(of('call')).toMatchObject([{ status: 'succeeded', attempt: 2 }]);
});

it('transform.output: any JSON with expressions', async () => {
  const output = { list: [{ $: '1 + 1' }, 'n {{ 3 }}', null], raw: { $raw: { $: '1' } } };
  expect(await outputOf(say('one', output))).toEqual({ list: [2, 'n 3', null], raw: { $: '1' } });
});
