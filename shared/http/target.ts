import { environmentVariable } from '../environment.ts';
import { StepError } from '../errors.ts';
import { type AllowList, allowsAddress, allowsName, parseAllowList } from './allow-list.ts';
import { parseAddress } from './ip.ts';
import { type Lookup, lookUp } from './lookup.ts';
import { isPublicAddress } from './public-address.ts';
import { isPublicName, normalName } from './public-name.ts';

/** Where requests may go. */
export interface Policy {
  /** What an operator allows beyond the public internet. */
  allow: AllowList;
  lookUp: Lookup;
}

/** The policy of this process: `WORKFLOW_HTTP_ALLOW` and the system's name service. */
export function environmentPolicy(): Policy {
  return { allow: parseAllowList(environmentVariable('WORKFLOW_HTTP_ALLOW')), lookUp };
}

/**
 * Reads the address of a request. `URL` turns every spelling of an IPv4 address (`0x7f.1`, `2130706433`)
 * into the usual one.
 *
 * @throws StepError `invalid_url`
 */
export function parseUrl(value: unknown, base?: URL): URL {
  const url = typeof value === 'string' && URL.canParse(value, base) ? new URL(value, base) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    throw invalidUrl('The address is no http address.', 'Begin with https://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidUrl('The address holds a user name or password.', 'Send them in the Authorization header.');
  }
  return url;
}

/**
 * Refuses what leads into a network around the worker: private addresses, and names that have one. A name
 * that changes its address between this look and the connection is not noticed.
 *
 * @throws StepError `url_not_allowed`, or `http_failed` when the name has no address
 */
export async function checkTarget(url: URL, { allow, lookUp }: Policy): Promise<void> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const name = normalName(url.hostname);
  if (allowsName(allow, name, port)) return;
  const isAllowed = (text: string) => {
    const address = parseAddress(text);
    return address !== undefined && (isPublicAddress(address) || allowsAddress(allow, address, port));
  };
  if (parseAddress(name)) {
    if (!isAllowed(name)) throw notAllowed(url);
    return;
  }
  if (!isPublicName(name)) throw notAllowed(url);
  const addresses = await lookUp(name);
  if (addresses && !addresses.every(isAllowed)) throw notAllowed(url);
}

function invalidUrl(message: string, hint: string): StepError {
  return new StepError({ code: 'invalid_url', message, hint, path: 'url' });
}

// Which address a name has inside the network is not the author's to know.
function notAllowed(url: URL): StepError {
  return new StepError({
    code: 'url_not_allowed',
    message: `${url.host} is not a host of the public internet.`,
    hint: 'Call a public host, or let the operator name this one in WORKFLOW_HTTP_ALLOW.',
    path: 'url',
  });
}
