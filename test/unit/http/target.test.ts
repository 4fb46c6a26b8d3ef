import { describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../shared/http/allow-list.ts';
import { checkTarget, parseUrl } from '../../../shared/http/target.ts';
import { errorOf } from './step.ts';

/** Whether a request may go to a URL: its refusal's code, or `allowed`. */
async function verdict(
  url: string,
  { allow = '', addresses = ['93.184.216.34'] as string[] | undefined } = {},
) {
  const policy = { allow: parseAllowList(allow), lookUp: async () => addresses };
  try {
    await checkTarget(parseUrl(url), policy);
    return 'allowed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('an address', () => {
  it.each([
    'http://0.0.0.0',
    'http://10.1.2.3',
    'http://100.64.0.1',
    'http://100.100.100.200',
    'http://127.0.0.1',
    'http://127.255.0.1:8080',
    'http://168.63.129.16',
    'http://169.254.169.254/latest/meta-data',
    'http://172.16.0.1',
    'http://172.31.255.255',
    'http://192.0.0.192',
    'http://192.0.2.1',
    'http://192.168.0.1',
    'http://198.18.0.1',
    'http://198.51.100.1',
    'http://203.0.113.1',
    'http://224.0.0.1',
    'http://240.0.0.1',
    'http://255.255.255.255',
    'http://[::]',
    'http://[::1]',
    'http://[::127.0.0.1]',
    'http://[fc00::1]',
    'http://[fd00:ec2::254]',
    'http://[fe80::1]',
    'http://[fec0::1]',
    'http://[ff02::1]',
    'http://[2001:db8::1]',
    'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
    'http://[2002:7f00:1::]',
    'http://[64:ff9b:1::1]',
  ])('%s is refused', async (url) => {
    expect(await verdict(url)).toBe('url_not_allowed');
  });

  it.each(['http://[::ffff:127.0.0.1]', 'http://[::ffff:a9fe:a9fe]', 'http://[64:ff9b::127.0.0.1]'])(
    '%s is refused for the IPv4 inside it',
    async (url) => {
      expect(await verdict(url)).toBe('url_not_allowed');
    },
  );

  it.each([
    'http://2130706433',
    'http://0x7f000001',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://127.1',
    'http://127.0.0.1.',
    'http://１２７.0.0.1',
    'http://%31%32%37.0.0.1',
  ])('%s is refused, however loopback is spelt', async (url) => {
    expect(await verdict(url)).toBe('url_not_allowed');
  });

  it.each([
    'https://8.8.8.8',
    'http://172.32.0.1',
    'http://100.128.0.1',
    'http://[2606:4700:4700::1111]',
    'http://[::ffff:8.8.8.8]',
    'http://[64:ff9b::8.8.8.8]',
  ])('%s is public', async (url) => {
    expect(await verdict(url)).toBe('allowed');
  });
});

describe('a name', () => {
  it.each([
    'http://localhost',
    'http://LOCALHOST.:80',
    'http://a.localhost',
    'http://kong:8000',
    'http://metadata',
    'http://metadata.google.internal/computeMetadata/v1',
    'http://metadata.google.internal.',
    'http://printer.local',
    'http://nas.lan',
  ])('%s is private whatever DNS says', async (url) => {
    expect(await verdict(url)).toBe('url_not_allowed');
  });

  it.each([
    [['10.0.0.1']],
    [['93.184.216.34', '10.0.0.1']],
    [['::1']],
    [['::ffff:169.254.169.254']],
    [['fe80::1%eth0']],
    [['not an address']],
  ])('that resolves to %j is refused', async (addresses) => {
    expect(await verdict('https://example.com', { addresses })).toBe('url_not_allowed');
  });

  it('that resolves to public addresses alone is allowed', async () => {
    const addresses = ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'];
    expect(await verdict('https://example.com', { addresses })).toBe('allowed');
  });

  it('is allowed where nothing can look it up', async () => {
    expect(await verdict('https://example.com', { addresses: undefined })).toBe('allowed');
  });

  it('keeps the address it was refused for to itself', async () => {
    const policy = { allow: [], lookUp: async () => ['10.9.8.7'] };
    const { message, hint } = await errorOf(() =>
      checkTarget(parseUrl('https://inside.example.com'), policy),
    );
    expect(message).toContain('inside.example.com');
    expect(`${message} ${hint}`).not.toContain('10.9.8.7');
  });
});

describe("the operator's list", () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:1234'],
    ['127.0.0.1:1234', 'http://127.0.0.1:1234'],
    ['127.0.0.1:80', 'http://127.0.0.1'],
    ['127.0.0.1:443', 'https://127.0.0.1'],
    ['10.0.0.0/8', 'http://10.1.2.3'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['::1', 'http://[::1]'],
    ['fd00::/8', 'http://[fd12::1]'],
    ['kong', 'http://kong:8000'],
    ['Kong:8000', 'http://kong:8000'],
    [' a.internal , b.internal:8080,', 'http://b.internal.:8080'],
  ])('%j allows %s', async (allow, url) => {
    expect(await verdict(url, { allow, addresses: ['10.0.0.1'] })).toBe('allowed');
  });

  it.each([
    ['127.0.0.1:1234', 'http://127.0.0.1:1235'],
    ['127.0.0.1', 'http://127.0.0.2'],
    ['10.0.0.0/8', 'http://11.0.0.1.nip.io'],
    ['kong:8000', 'http://kong:8001'],
    ['kong', 'http://kong.example.internal'],
    ['example.com', 'http://a.example.com'],
    ['10.0.0.0/64', 'http://10.0.0.1'],
    ['*', 'http://10.0.0.1'],
  ])('%j does not allow %s', async (allow, url) => {
    expect(await verdict(url, { allow, addresses: ['192.168.0.1'] })).toBe('url_not_allowed');
  });

  it('allows names by the range they resolve into', async () => {
    const inside = { allow: '10.0.0.0/8', addresses: ['10.0.0.1'] };
    expect(await verdict('https://crm.example.com', inside)).toBe('allowed');
    expect(
      await verdict('https://crm.example.com', { ...inside, addresses: ['10.0.0.1', '127.0.0.1'] }),
    ).toBe('url_not_allowed');
  });
});

describe('no http address', () => {
  it.each([
    '',
    'example.com',
    '/path',
    'file:///etc/passwd',
    'ftp://example.com',
    'data:text/plain,x',
    'javascript:1',
    'http://',
    'https://user@example.com',
    'https://user:pass@example.com',
    'https://:pass@example.com',
    null,
    5,
    {},
  ])('%j is refused', async (url) => {
    expect((await errorOf(() => parseUrl(url))).code).toBe('invalid_url');
  });

  it('is refused without repeating a password', async () => {
    const { message, hint } = await errorOf(() => parseUrl('https://ada:s3cret@example.com'));
    expect(`${message} ${hint}`).not.toContain('s3cret');
  });
});
