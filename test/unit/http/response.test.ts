import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { startServer } from './server.ts';
import { errorOf, run } from './step.ts';

const server = await startServer();
const url = server.url;
const json = { 'content-type': 'application/json' };

beforeEach(() => {
  vi.stubEnv('WORKFLOW_HTTP_ALLOW', `127.0.0.1:${server.port}`);
});

describe('a body', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'application/vnd.api+json', 'text/json'])(
    'of type %s is JSON',
    async (type) => {
      server.answers(200, { 'content-type': type }, '{"a": [1, "ä"]}');
      expect(await run({ url })).toMatchObject({ status: 200, body: { a: [1, 'ä'] } });
    },
  );

  it('keeps the digits of its numbers', async () => {
    server.answers(200, json, '{"id": 12345678901234567890, "n": 1.5}');
    expect((await run({ url })).body).toEqual({ id: '12345678901234567890', n: 1.5 });
  });

  it.each(['text/html', 'text/plain', 'application/xml', 'image/svg+xml', 'application/x-ndjson'])(
    'of type %s is text',
    async (type) => {
      server.answers(200, { 'content-type': type }, '{"a": 1}');
      expect((await run({ url })).body).toBe('{"a": 1}');
    },
  );

  it('is read in the character set it names', async () => {
    server.answers(200, { 'content-type': 'text/plain; charset="ISO-8859-1"' }, Uint8Array.of(0xe4));
    expect((await run({ url })).body).toBe('ä');
  });

  it('without a type is text if it can be', async () => {
    server.answers(200, {}, 'plain');
    expect((await run({ url })).body).toBe('plain');
    server.answers(200, {}, Uint8Array.of(0xff, 0xfe, 0xfd));
    expect((await errorOf(() => run({ url }))).code).toBe('unreadable_response');
  });

  it.each([
    [204, {}],
    [200, json],
    [200, { 'content-type': 'image/png' }],
  ])('that is empty is null (%i, %j)', async (status, headers) => {
    server.answers(status, headers as Record<string, string>);
    expect(await run({ url })).toMatchObject({ status, body: null });
  });

  it('of HEAD is null, whatever length is announced', async () => {
    server.answers(200, { ...json, 'content-length': '5000000' });
    expect((await run({ method: 'HEAD', url })).body).toBeNull();
  });

  it.each(['image/png', 'application/octet-stream', 'application/pdf'])(
    'of type %s is refused',
    async (type) => {
      server.answers(200, { 'content-type': type }, 'x');
      const error = await errorOf(() => run({ url }));
      expect(error).toMatchObject({ code: 'unreadable_response', retryable: false });
      expect(error.message).toContain(type);
    },
  );

  it('that promises JSON and is none is refused', async () => {
    server.answers(200, json, 'ok');
    expect((await errorOf(() => run({ url }))).code).toBe('unreadable_response');
  });

  it('that is made to look like JSON does not hold the worker up', async () => {
    server.answers(200, json, `12345678901234567890 "${'\\"'.repeat(200_000)}`);
    const started = performance.now();
    expect((await errorOf(() => run({ url }))).code).toBe('unreadable_response');
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('may nest 100 levels deep', async () => {
    server.answers(200, json, '['.repeat(100) + ']'.repeat(100));
    expect(await run({ url })).toMatchObject({ status: 200 });
    server.answers(200, json, '['.repeat(200_000) + ']'.repeat(200_000));
    expect((await errorOf(() => run({ url }))).code).toBe('unreadable_response');
  });
});

describe('more than 1 MB', () => {
  const megabyte = 1_048_576;

  it('is refused, 1 MB is not', async () => {
    server.answers(200, { 'content-type': 'text/plain' }, 'a'.repeat(megabyte));
    expect((await run({ url })).body).toHaveLength(megabyte);
    server.answers(200, { 'content-type': 'text/plain' }, 'a'.repeat(megabyte + 1));
    expect(await errorOf(() => run({ url }))).toMatchObject({ code: 'response_too_large', retryable: false });
  });

  it('is refused packed into less', async () => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
    server.answers(200, headers, gzipSync('a'.repeat(50 * megabyte)));
    expect((await errorOf(() => run({ url }))).code).toBe('response_too_large');
  });

  it('is refused while it still comes', async () => {
    server.onRequest((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const more = () => !response.destroyed && response.write('a'.repeat(65_536), () => setImmediate(more));
      more();
    });
    expect((await errorOf(() => run({ url }))).code).toBe('response_too_large');
  });
});

describe('the headers', () => {
  it('have names in lower case and hold no cookies', async () => {
    server.answers(200, { 'X-Total': '5', 'Set-Cookie': 'session=s3cret' });
    const { headers } = await run({ url });
    expect(headers).toMatchObject({ 'x-total': '5' });
    expect(headers).not.toHaveProperty('set-cookie');
  });
});
