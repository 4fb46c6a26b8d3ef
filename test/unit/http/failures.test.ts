import { createServer } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { describeError } from '../../../functions/worker/failure.ts';
import { withTimeout } from '../../../functions/worker/timeout.ts';
import { retryAfterMs } from '../../../shared/http/retry-after.ts';
import { startServer } from './server.ts';
import { errorOf, run } from './step.ts';

const server = await startServer();
const url = server.url;

beforeEach(() => {
  vi.stubEnv('WORKFLOW_HTTP_ALLOW', '127.0.0.1');
});

describe('an unexpected status', () => {
  it.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [409, false],
    [429, true],
    [500, true],
    [503, true],
  ])('%i is retryable: %s', async (status, retryable) => {
    server.answers(status);
    expect(await errorOf(() => run({ url }))).toMatchObject({
      code: 'http_status',
      retryable,
      details: { status },
    });
  });

  it('says who answered what, and keeps facts for a catch branch', async () => {
    server.answers(422, { 'content-type': 'application/json' }, '{"error":\n\t"no such\u0000 lead"}');
    const error = await errorOf(() => run({ url: `${url}/hook/s3cret?key=s3cret` }));
    expect(error).toMatchObject({
      message: `127.0.0.1:${server.port} answered 422: {"error": "no such lead"}`,
      details: { status: 422, body: '{"error": "no such lead"}' },
    });
    expect(JSON.stringify(describeError(error))).not.toContain('s3cret');
  });

  it('repeats only the beginning of a body', async () => {
    server.answers(500, { 'content-type': 'text/plain' }, 'ä'.repeat(3_000_000));
    const { details } = await errorOf(() => run({ url }));
    expect(details).toEqual({ status: 500, body: `${'ä'.repeat(300)}…` });
  });

  it('repeats nothing of a binary body', async () => {
    server.answers(500, { 'content-type': 'image/png' }, 'x');
    expect((await errorOf(() => run({ url }))).details).toEqual({ status: 500, body: '' });
  });

  it('does not wait long for a body that does not end', async () => {
    server.onRequest((_, response) =>
      response.writeHead(503, { 'content-type': 'text/plain' }).write('busy'),
    );
    expect(await errorOf(() => run({ url }))).toMatchObject({
      code: 'http_status',
      details: { body: 'busy' },
    });
  });

  it.each([
    [404, [404]],
    [404, [200, '4xx']],
    [500, ['5xx', '2xx']],
  ])('%i is no error with expect %j', async (status, expected) => {
    server.answers(status);
    expect(await run({ url, expect: expected })).toMatchObject({ status });
  });

  it('is also 200, with expect [201]', async () => {
    server.answers(200);
    expect((await errorOf(() => run({ url, expect: [201] }))).code).toBe('http_status');
  });
});

describe('Retry-After', () => {
  it('reaches the engine as retry_after_ms', async () => {
    server.answers(429, { 'retry-after': '7' });
    expect(describeError(await errorOf(() => run({ url })))).toMatchObject({
      code: 'http_status',
      retryable: true,
      retry_after_ms: 7_000,
      details: { status: 429 },
    });
  });

  it('says nothing where another attempt is of no use', async () => {
    server.answers(404, { 'retry-after': '7' });
    expect(describeError(await errorOf(() => run({ url })))).not.toHaveProperty('retry_after_ms');
  });

  const now = Date.parse('2026-11-01T12:00:00Z');

  it.each([
    ['120', 120_000],
    [' 1 ', 1_000],
    ['Sun, 01 Nov 2026 12:00:30 GMT', 30_000],
    ['86400', 3_600_000],
    ['99999999999999999999', 3_600_000],
    ['Mon, 02 Nov 2026 12:00:00 GMT', 3_600_000],
  ])('%j is %i ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });

  it.each([null, '', '0', '-5', '1.5', 'soon', 'Sun, 01 Nov 2026 11:59:59 GMT', '2027'])(
    '%j is no wait',
    (header) => {
      expect(retryAfterMs(header, header === '2027' ? 2_028_000 : now)).toBe(
        header === '2027' ? 2_027_000 : undefined,
      );
    },
  );
});

describe('the network', () => {
  it('that nobody answers on is retryable', async () => {
    const closed = await freePort();
    const error = await errorOf(() => run({ url: `http://127.0.0.1:${closed}/?key=s3cret` }));
    expect(error).toMatchObject({ code: 'http_failed', retryable: true });
    expect(error.message).toContain(`127.0.0.1:${closed}`);
    expect(error.message).not.toContain('s3cret');
  });

  it('that breaks before an answer is retryable', async () => {
    server.onRequest((_, response) => response.destroy());
    expect(await errorOf(() => run({ url }))).toMatchObject({ code: 'http_failed', retryable: true });
  });

  it('that breaks inside a body is retryable', async () => {
    server.onRequest((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    expect(await errorOf(() => run({ url }))).toMatchObject({ code: 'http_failed', retryable: true });
  });

  it('that does not know a name is retryable', async () => {
    const error = await errorOf(() => run({ url: 'http://no-such-host.invalid' }));
    expect(error).toMatchObject({ code: 'http_failed', retryable: true, path: 'url' });
  });
});

describe('the timeout', () => {
  const limited = (fields: object) =>
    errorOf(() => withTimeout(150, (signal) => run({ url, ...fields }, signal)));

  /** Resolves when the caller hangs up. */
  const hungUp = (answer: (response: import('node:http').ServerResponse) => void) =>
    new Promise<void>((resolve) => {
      server.onRequest((_, response) => {
        response.on('close', resolve);
        answer(response);
      });
    });

  it('ends a call that is not answered', async () => {
    const closed = hungUp(() => {});
    expect(await limited({})).toMatchObject({ code: 'timeout', retryable: true });
    await closed;
  });

  it('ends a call whose body does not end', async () => {
    const closed = hungUp((response) => response.writeHead(200, { 'content-type': 'text/plain' }).write('a'));
    expect(await limited({})).toMatchObject({ code: 'timeout', retryable: true });
    await closed;
  });

  it('is a timeout also where the signal says nothing of itself', async () => {
    server.onRequest(() => {});
    const error = await errorOf(() => run({ url }, AbortSignal.timeout(100)));
    expect(error).toMatchObject({ code: 'timeout', retryable: true });
  });
});

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as import('node:net').AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}
