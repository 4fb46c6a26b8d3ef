import { beforeEach, describe, expect, it, vi } from 'vitest';
import { startServer } from './server.ts';
import { errorOf, prepare, run, stepRunId } from './step.ts';

const server = await startServer();

beforeEach(() => {
  vi.stubEnv('WORKFLOW_HTTP_ALLOW', `127.0.0.1:${server.port}`);
  server.answers(200);
});

describe('the method and the url', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])('%s is sent', async (method) => {
    await run({ method, url: server.url });
    expect(server.last().method).toBe(method);
  });

  it('GET is the default', async () => {
    await run({ url: server.url });
    expect(server.last().method).toBe('GET');
  });

  it('expressions of the url are evaluated', () => {
    const { input } = prepare(
      { url: 'https://example.com/{{ input.id | url_encode }}' },
      { input: { id: 'a/b' } },
    );
    expect(input).toEqual({ method: 'GET', url: 'https://example.com/a%2Fb' });
  });
});

describe('the query', () => {
  it("is added to the url's own", async () => {
    await run({ url: `${server.url}/a?x=1`, query: { y: 'ä & ö', z: 2, t: true } });
    expect(server.last().url).toBe('/a?x=1&y=%C3%A4+%26+%C3%B6&z=2&t=true');
  });

  it('repeats a name for a list, and leaves null out', async () => {
    await run({ url: server.url, query: { id: [1, null, 2], none: null } });
    expect(server.last().url).toBe('/?id=1&id=2');
  });

  it.each([[{ a: {} }], [{ a: [[]] }], ['a=1'], [['a']]])('%j is refused', async (query) => {
    expect(await errorOf(() => prepare({ url: server.url, query }))).toMatchObject({
      code: 'invalid_request',
      retryable: false,
    });
  });
});

describe('the headers', () => {
  it('are sent as text; null leaves one out', async () => {
    await run({ url: server.url, headers: { 'X-Text': 'a', 'X-Number': 5, 'X-None': null } });
    expect(server.last().headers).toMatchObject({ 'x-text': 'a', 'x-number': '5' });
    expect(server.last().headers).not.toHaveProperty('x-none');
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'Upgrade', 'Proxy-Authorization'])(
    '%s is written by fetch alone',
    async (name) => {
      const error = await errorOf(() => prepare({ url: server.url, headers: { [name]: 'x' } }));
      expect(error).toMatchObject({ code: 'invalid_request', path: `headers.${name}` });
    },
  );

  it.each([[{ 'X-A': {} }], [{ 'X-A': ['a'] }], ['X-A: a']])('%j is refused', async (headers) => {
    expect((await errorOf(() => prepare({ url: server.url, headers }))).code).toBe('invalid_request');
  });

  it('cannot smuggle another header in, and the refusal does not repeat the value', async () => {
    const error = await errorOf(() => prepare({ url: server.url, headers: { 'X-A': 'k3y\r\nX-B: b' } }));
    expect(error).toMatchObject({ code: 'invalid_request', path: 'headers.X-A' });
    expect(error.message).not.toContain('k3y');
  });
});

describe('the idempotency key', () => {
  it("is the step run's id", async () => {
    await run({ method: 'POST', url: server.url });
    expect(server.last().headers['idempotency-key']).toBe(stepRunId);
  });

  it("is the author's if there is one", async () => {
    await run({ method: 'POST', url: server.url, headers: { 'IDEMPOTENCY-KEY': 'mine' } });
    expect(server.last().headers['idempotency-key']).toBe('mine');
  });

  it('is left out for null', async () => {
    await run({ method: 'POST', url: server.url, headers: { 'Idempotency-Key': null } });
    expect(server.last().headers).not.toHaveProperty('idempotency-key');
  });
});

describe('the body', () => {
  it.each([
    [{ a: [1, 'ä'] }, '{"a":[1,"ä"]}'],
    [[1], '[1]'],
    [5, '5'],
    [null, 'null'],
  ])('%j is sent as JSON', async (body, text) => {
    await run({ method: 'POST', url: server.url, body });
    expect(server.last()).toMatchObject({ body: text, headers: { 'content-type': 'application/json' } });
  });

  it("keeps the author's content type", async () => {
    const headers = { 'Content-Type': 'application/ld+json' };
    await run({ method: 'POST', url: server.url, headers, body: {} });
    expect(server.last().headers['content-type']).toBe('application/ld+json');
  });

  it('is sent as it is when it is text', async () => {
    await run({ method: 'PUT', url: server.url, body: 'a=1&b=2' });
    expect(server.last().body).toBe('a=1&b=2');
    expect(server.last().headers['content-type']).toMatch(/^text\/plain/);
  });

  it.each(['GET', 'HEAD'])('is refused with %s', async (method) => {
    const error = await errorOf(() => prepare({ method, url: server.url, body: {} }));
    expect(error).toMatchObject({ code: 'invalid_request', path: 'body' });
  });
});

describe('secrets', () => {
  it.each([
    ['headers', { Authorization: { $secret: 'KEY' } }, 'headers.Authorization'],
    ['query', { key: { $secret: 'KEY' } }, 'query.key'],
    ['body', { a: [{ $secret: 'KEY' }] }, 'body.a.0'],
    ['body', { $secret: 'KEY' }, 'body'],
  ])('in %s are refused instead of sending their name', async (field, value, path) => {
    const error = await errorOf(() => prepare({ method: 'POST', url: server.url, [field]: value }));
    expect(error).toMatchObject({ code: 'secret_not_available', path, retryable: false });
  });

  it('are no secrets in data', async () => {
    const roots = { input: { row: { $secret: 'KEY' } } };
    const body = { row: { $: 'input.row' }, raw: { $raw: { $secret: 'KEY' } } };
    const { input } = prepare({ method: 'POST', url: server.url, body }, roots);
    expect(input).toMatchObject({ body: { row: { $secret: 'KEY' }, raw: { $secret: 'KEY' } } });
  });

  it("credentials are hidden in the step run's input, and sent", async () => {
    const headers = { Authorization: 'Bearer s3cret', 'X-Api-Key': 's3cret', Accept: 'text/plain' };
    const fields = { url: server.url, headers, query: { access_token: 's3cret', page: 1 } };
    expect(prepare(fields).input).toMatchObject({
      headers: { Authorization: '[redacted]', 'X-Api-Key': '[redacted]', Accept: 'text/plain' },
      query: { access_token: '[redacted]', page: 1 },
    });
    await run(fields);
    expect(server.last()).toMatchObject({
      url: '/?access_token=s3cret&page=1',
      headers: { authorization: 'Bearer s3cret', 'x-api-key': 's3cret' },
    });
  });
});

it('runs with no transaction open', () => {
  expect(prepare({ url: server.url }).kind).toBe('external');
});
