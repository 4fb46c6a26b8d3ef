import { expect, it } from 'vitest';
import { callerAddress } from '../../../shared/serve/caller.ts';

const env = (header?: string) => ({ get: () => header });

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['localhost', null],
  ['', null],
])('the caller %j has the address %j', (text, address) => {
  expect(callerAddress(new Headers({ 'cf-connecting-ip': text }), env())).toBe(address);
});

it("of a list of addresses the last counts, the gateway's own entry", () => {
  const headers = new Headers({ 'x-forwarded-for': '10.0.0.1, 192.0.2.7', 'cf-connecting-ip': '10.0.0.1' });
  expect(callerAddress(headers, env('x-forwarded-for'))).toBe('192.0.2.7');
});
