/** An IP address as a number. An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. */
export interface Address {
  bits: 32 | 128;
  value: bigint;
}

/** All addresses that share the first `prefix` bits of one. */
export interface Range {
  address: Address;
  prefix: number;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const MAPPED = 0xffffn;

/** Reads an IPv4 or IPv6 address, with or without brackets; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const value = bare.includes(':') ? parseIpv6(bare) : undefined;
  if (value === undefined) {
    const ipv4 = parseIpv4(bare);
    return ipv4 === undefined ? undefined : { bits: 32, value: ipv4 };
  }
  return value >> 32n === MAPPED ? lastIpv4({ bits: 128, value }) : { bits: 128, value };
}

/** Reads `10.0.0.0/8`, or an address, which is a range of one; undefined for anything else. */
export function parseRange(text: string): Range | undefined {
  const [start = '', length, ...rest] = text.split('/');
  const address = parseAddress(start);
  if (!address || rest.length > 0) return undefined;
  if (length === undefined) return { address, prefix: address.bits };
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return prefix <= address.bits ? { address, prefix } : undefined;
}

/** Whether an address lies in a range. */
export function contains({ address: start, prefix }: Range, address: Address): boolean {
  if (start.bits !== address.bits) return false;
  const rest = BigInt(start.bits - prefix);
  return start.value >> rest === address.value >> rest;
}

/** The IPv4 address in the last 32 bits of an IPv6 address. */
export function lastIpv4({ value }: Address): Address {
  return { bits: 32, value: value & 0xffffffffn };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = IPV4.exec(text)?.slice(1).map(Number);
  if (!parts?.every((part) => part <= 255)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, i) => (half === '' ? [] : groupsOf(half, i === halves.length - 1)));
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<number>(missing).fill(0), ...(tail ?? [])];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** Groups of 16 bits; the address's last may be written as IPv4, which is two of them. */
function groupsOf(text: string, isEnd: boolean): number[] | undefined {
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const ipv4 = isEnd && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(Number(ipv4 >> 16n), Number(ipv4 & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
