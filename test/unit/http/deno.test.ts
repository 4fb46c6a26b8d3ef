import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { startServer } from './server.ts';

const server = await startServer();
const { url, port } = server;

/** Runs http steps in Deno, with the permissions that workers have. */
async function runInDeno(steps: object[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await promisify(execFile)(
    'node_modules/.bin/deno',
    ['run', '--quiet', '--no-prompt', '--allow-net', '--allow-env', '--allow-read', '--allow-sys'].concat(
      'test/fixtures/http/calls.ts',
      JSON.stringify(steps),
    ),
    { env: { ...process.env, WORKFLOW_HTTP_ALLOW: `127.0.0.1:${port},127.0.0.1:9999`, NO_COLOR: '1' } },
  );
  return JSON.parse(stdout);
}

const cases = {
  json: { method: 'POST', url: `${url}/echo`, body: { a: 1 } },
  redirect: { method: 'POST', url: `${url}/redirect?to=/echo`, body: { a: 1 } },
  inside: { url: `${url}/redirect?to=http://169.254.169.254/` },
  spelt: { url: `http://0x7f.1:1/` },
  name: { url: 'http://localhost:1/' },
  unknown: { url: 'http://no-such-host.invalid/?key=s3cret' },
  closed: { url: 'http://127.0.0.1:9999/?key=s3cret' },
  status: { url: `${url}/busy` },
  large: { url: `${url}/large` },
  silent: { url: `${url}/silent` },
  endless: { url: `${url}/endless` },
  header: { url, headers: { 'X-A': 'a\r\nX-B: b' } },
};

describe('in Deno as in Node', () => {
  const outcomes: Record<string, Record<string, unknown>> = {};

  beforeAll(async () => {
    server.onRequest(({ method, url: path, headers, body }, response) => {
      const type = { 'content-type': 'application/json' };
      const { pathname, searchParams } = new URL(path, url);
      if (pathname === '/redirect')
        response.writeHead(302, { location: searchParams.get('to') ?? '' }).end('moved');
      else if (pathname === '/busy') response.writeHead(503, { 'retry-after': '5' }).end('busy');
      else if (pathname === '/large')
        response
          .writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
          .end(gzipSync('a'.repeat(3_000_000)));
      else if (pathname === '/endless') response.writeHead(200, type).write('[');
      else if (pathname !== '/silent')
        response.writeHead(200, type).end(JSON.stringify({ method, key: headers['idempotency-key'], body }));
    });
    const results = await runInDeno(Object.values(cases));
    for (const [i, name] of Object.keys(cases).entries()) outcomes[name] = results[i] ?? {};
  }, 60_000);

  it.each([
    ['json', { status: 200, body: { method: 'POST', key: 'the-step-run', body: '{"a":1}' } }],
    ['redirect', { status: 200, body: { method: 'GET', key: 'the-step-run', body: '' } }],
  ])('%s succeeds', (name, output) => {
    expect(outcomes[name]).toMatchObject({ status: 'succeeded', output });
  });

  it.each([
    ['inside', { code: 'url_not_allowed', retryable: false }],
    ['spelt', { code: 'url_not_allowed', retryable: false }],
    ['name', { code: 'url_not_allowed', retryable: false }],
    ['unknown', { code: 'http_failed', retryable: true, path: 'url' }],
    ['closed', { code: 'http_failed', retryable: true }],
    ['status', { code: 'http_status', retryable: true, retry_after_ms: 5_000 }],
    ['large', { code: 'response_too_large', retryable: false }],
    ['silent', { code: 'timeout', retryable: true }],
    ['endless', { code: 'timeout', retryable: true }],
    ['header', { code: 'invalid_request', retryable: false }],
  ])('%s fails', (name, error) => {
    expect(outcomes[name]).toMatchObject({ status: 'failed', error });
  });

  it('no error repeats the query', () => {
    expect(JSON.stringify(outcomes)).not.toContain('s3cret');
  });
});
