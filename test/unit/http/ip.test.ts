import { describe, expect, it } from 'vitest';
import { contains, parseAddress, parseRange } from '../../../shared/http/ip.ts';

const inRange = (range: string, address: string) => {
  const [parsed, found] = [parseRange(range), parseAddress(address)];
  if (!parsed || !found) throw new Error(`${range} or ${address} cannot be read`);
  return contains(parsed, found);
};

describe('an address', () => {
  it.each([
    ['127.0.0.1', 32, 0x7f000001n],
    ['255.255.255.255', 32, 0xffffffffn],
    ['::', 128, 0n],
    ['::1', 128, 1n],
    ['[::1]', 128, 1n],
    ['fe80::1%eth0', 128, (0xfe80n << 112n) | 1n],
    ['1:2:3:4:5:6:7:8', 128, 0x00010002000300040005000600070008n],
    ['1::8', 128, (1n << 112n) | 8n],
    ['64:ff9b::10.0.0.1', 128, (0x64ff9bn << 96n) | 0x0a000001n],
  ])('%s is read', (text, bits, value) => {
    expect(parseAddress(text)).toEqual({ bits, value });
  });

  it.each(['::ffff:10.0.0.1', '[::ffff:a00:1]', '0:0:0:0:0:ffff:a00:1'])('%s is the IPv4 in it', (text) => {
    expect(parseAddress(text)).toEqual({ bits: 32, value: 0x0a000001n });
  });

  it.each([
    '',
    'example.com',
    '256.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1.2.3.256',
    '1.2.3.4::',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['172.16.0.0/12', '172.31.255.255', true],
    ['172.16.0.0/12', '172.32.0.0', false],
    ['192.168.1.7', '192.168.1.7', true],
    ['192.168.1.7', '192.168.1.8', false],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['fc00::/7', 'fdff::1', true],
    ['fc00::/7', 'fe00::1', false],
    ['::/0', '8.8.8.8', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ])('%s holds %s: %s', (range, address, expected) => {
    expect(inRange(range, address)).toBe(expected);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'fc00::/129', 'x/8'])(
    '%s is none',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );
});
