import { type Address, contains, parseAddress, parseRange, type Range } from './ip.ts';
import { normalName } from './public-name.ts';

/** A host or a range of addresses that an operator allows beyond the public internet. */
interface AllowEntry {
  target: Range | string;
  /** Undefined: any port. */
  port: number | undefined;
}

export type AllowList = readonly AllowEntry[];

/**
 * Reads `WORKFLOW_HTTP_ALLOW`: hosts, host:port, addresses, address:port and CIDR ranges, with commas between.
 * What cannot be read allows nothing.
 */
export function parseAllowList(text: string | undefined): AllowList {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .flatMap((entry) => parseEntry(entry) ?? []);
}

export function allowsName(list: AllowList, name: string, port: number): boolean {
  return list.some((entry) => entry.target === name && onPort(entry, port));
}

export function allowsAddress(list: AllowList, address: Address, port: number): boolean {
  return list.some(
    (entry) => typeof entry.target !== 'string' && contains(entry.target, address) && onPort(entry, port),
  );
}

function parseEntry(entry: string): AllowEntry | undefined {
  if (entry.includes('/') || parseAddress(entry)) {
    const target = parseRange(entry);
    return target && { target, port: undefined };
  }
  const [, host = entry, port] = /^(.+):(\d{1,5})$/.exec(entry) ?? [];
  return {
    target: parseRange(host) ?? normalName(host),
    port: port === undefined ? undefined : Number(port),
  };
}

function onPort({ port }: AllowEntry, actual: number): boolean {
  return port === undefined || port === actual;
}
