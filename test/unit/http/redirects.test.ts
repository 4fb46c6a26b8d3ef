import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Received, startServer } from './server.ts';
import { errorOf, run, stepRunId } from './step.ts';

const [server, other] = [await startServer(), await startServer()];

beforeEach(() => {
  vi.stubEnv('WORKFLOW_HTTP_ALLOW', `127.0.0.1:${server.port},127.0.0.1:${other.port}`);
  other.answers(200, { 'content-type': 'text/plain' }, 'there');
});

/** Answers the first request with a redirect, the others with 200. */
function redirects(status: number, location: string, target = server) {
  target.onRequest(({ url }, response) => {
    if (url === '/start') response.writeHead(status, { location }).end('moved');
    else response.writeHead(200, { 'content-type': 'text/plain' }).end('here');
  });
}

const start = { url: `${server.url}/start` };

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with %i is followed', async (status) => {
    redirects(status, '/end?x=1');
    expect(await run(start)).toMatchObject({ status: 200, body: 'here' });
    expect(server.received.map(({ url }) => url)).toEqual(['/start', '/end?x=1']);
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'PUT', 'PUT'],
    [302, 'PATCH', 'PATCH'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ])('with %i turns %s into %s', async (status, method, then) => {
    redirects(status, '/end');
    const hasBody = method !== 'HEAD';
    await run({ ...start, method, ...(hasBody ? { body: { a: 1 } } : {}) });
    const { headers, ...last } = server.last();
    const keepsBody = hasBody && then === method;
    expect(last).toMatchObject({ method: then, url: '/end', body: keepsBody ? '{"a":1}' : '' });
    expect(headers['content-type']).toBe(keepsBody ? 'application/json' : undefined);
  });

  it('is the answer when its status is expected', async () => {
    redirects(302, '/end');
    expect(await run({ ...start, expect: ['3xx'] })).toMatchObject({
      status: 302,
      headers: { location: '/end' },
      body: 'moved',
    });
    expect(server.received).toHaveLength(1);
  });

  it('without a location is no redirect', async () => {
    server.answers(302);
    expect((await errorOf(() => run(start))).code).toBe('http_status');
  });
});

describe('five redirects', () => {
  const chain = (length: number) =>
    server.onRequest(({ url }: Received, response) => {
      const left = Number(url.slice(1)) || 0;
      if (url === '/start' || left > 0)
        response.writeHead(302, { location: `/${url === '/start' ? length - 1 : left - 1}` }).end();
      else response.end();
    });

  it('are followed', async () => {
    chain(5);
    expect(await run(start)).toMatchObject({ status: 200 });
    expect(server.received).toHaveLength(6);
  });

  it('are the most', async () => {
    chain(6);
    expect(await errorOf(() => run(start))).toMatchObject({ code: 'too_many_redirects', retryable: false });
    expect(server.received).toHaveLength(6);
  });
});

describe('where a redirect leads', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://localhost/',
    'http://[::ffff:7f00:1]:1/',
    '//10.0.0.1/',
  ])('%s is refused', async (location) => {
    redirects(302, location);
    expect(await errorOf(() => run(start))).toMatchObject({ code: 'url_not_allowed', retryable: false });
  });

  it('is refused on a port that is not allowed, and not called', async () => {
    vi.stubEnv('WORKFLOW_HTTP_ALLOW', `127.0.0.1:${server.port}`);
    redirects(307, other.url);
    expect((await errorOf(() => run(start))).code).toBe('url_not_allowed');
    expect(other.received).toEqual([]);
  });

  it.each(['file:///etc/passwd', 'http://user:pass@127.0.0.1/', 'http://'])(
    '%s is no address',
    async (to) => {
      redirects(302, to);
      expect((await errorOf(() => run(start))).code).toBe('invalid_url');
    },
  );
});

describe('another origin', () => {
  const headers = {
    Authorization: 'Bearer s3cret',
    Cookie: 'session=s3cret',
    'X-Api-Key': 's3cret',
    'X-Whatever': 's3cret',
    Accept: 'text/plain',
  };

  it('gets no header that may be a credential', async () => {
    redirects(307, `${other.url}/end`);
    expect(await run({ ...start, method: 'POST', headers, body: { a: 1 } })).toMatchObject({ body: 'there' });
    expect(JSON.stringify(other.last())).not.toContain('s3cret');
    expect(other.last()).toMatchObject({
      method: 'POST',
      body: '{"a":1}',
      headers: { accept: 'text/plain', 'content-type': 'application/json', 'idempotency-key': stepRunId },
    });
  });

  it('does not give them back on the way home', async () => {
    redirects(302, `${other.url}/start`);
    redirects(302, `${server.url}/end`, other);
    await run({ ...start, headers });
    expect(server.last().url).toBe('/end');
    expect(JSON.stringify(server.last())).not.toContain('s3cret');
  });

  it('is not the same origin, which gets them all', async () => {
    redirects(302, '/end');
    await run({ ...start, headers });
    expect(server.last().headers).toMatchObject({ authorization: 'Bearer s3cret', cookie: 'session=s3cret' });
  });
});
