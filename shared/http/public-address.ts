import { type Address, contains, lastIpv4, parseRange, type Range } from './ip.ts';

const ranges = (...texts: string[]): Range[] => texts.map((text) => parseRange(text) as Range);

/** IPv4 that is not the public internet: IANA's special-purpose registry, and Azure's metadata address. */
const REFUSED_IPV4 = ranges(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT, with Alibaba's metadata address
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's platform address
  '169.254.0.0/16', // link-local, with the metadata address of most clouds
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4',
);

/** All that is public in IPv6; loopback, unique-local, link-local and multicast lie outside. */
const GLOBAL_IPV6 = ranges('2000::/3');

const REFUSED_IPV6 = ranges(
  '2001::/23', // Teredo and other protocols
  '2001:db8::/32',
  '2002::/16', // 6to4, which holds an IPv4 address
  '3fff::/20',
);

const NAT64 = ranges('64:ff9b::/96');

const inAny = (list: Range[], address: Address) => list.some((range) => contains(range, address));

/** Whether an address belongs to the public internet and to no network around the worker. */
export function isPublicAddress(address: Address): boolean {
  if (address.bits === 32) return !inAny(REFUSED_IPV4, address);
  if (inAny(NAT64, address)) return isPublicAddress(lastIpv4(address));
  return inAny(GLOBAL_IPV6, address) && !inAny(REFUSED_IPV6, address);
}
