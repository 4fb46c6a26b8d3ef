import { StepError } from '../errors.ts';
import type { HttpRequest } from './request.ts';
import { parseUrl } from './target.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** What another origin may see of the headers; all others may be credentials. */
const HARMLESS = ['accept', 'accept-language', 'content-type', 'idempotency-key', 'user-agent'];

/** Where a response sends the request to, null if nowhere. */
export function locationOf(response: Response): string | null {
  return REDIRECTS.includes(response.status) ? response.headers.get('location') : null;
}

/**
 * The request that follows a redirect: its method as `fetch` rewrites it, and to another origin without
 * whatever may be a credential.
 *
 * @param followed redirects followed before this one
 * @throws StepError `too_many_redirects`, or `invalid_url` for a location that is no http address
 */
export function redirect(
  request: HttpRequest,
  status: number,
  location: string,
  followed: number,
): HttpRequest {
  if (followed === MAX_REDIRECTS) {
    throw new StepError({
      code: 'too_many_redirects',
      message: `${request.url.host} redirects a ${MAX_REDIRECTS + 1}th time.`,
      hint: 'Call the address it leads to.',
      path: 'url',
    });
  }
  const url = parseUrl(location, request.url);
  const headers = new Headers(request.headers);
  if (url.origin !== request.url.origin) keepOnly(headers, HARMLESS);
  if (!becomesGet(request.method, status)) return { ...request, url, headers };
  for (const name of [...headers.keys()]) if (name.startsWith('content-')) headers.delete(name);
  return { method: 'GET', url, headers, body: undefined };
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

function keepOnly(headers: Headers, names: string[]): void {
  for (const name of [...headers.keys()]) if (!names.includes(name)) headers.delete(name);
}
