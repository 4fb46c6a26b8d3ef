import { exchange } from './failure.ts';
import { locationOf, redirect } from './redirect.ts';
import type { HttpRequest } from './request.ts';
import { checkTarget, type Policy } from './target.ts';

export interface SendOptions {
  policy: Policy;
  /** Ends the exchange, also while its body is read. */
  signal: AbortSignal;
  /** Whether a status is what the author waits for; such a redirect is not followed. */
  isExpected(status: number): boolean;
}

/** A response whose body has not been read, and the host that gave it. */
export interface Answer {
  response: Response;
  host: string;
}

/**
 * Sends a request and follows redirects; every address on the way is checked before it is called.
 *
 * @throws StepError `url_not_allowed`, `invalid_url`, `too_many_redirects`, `http_failed` or `timeout`
 */
export async function send(first: HttpRequest, options: SendOptions): Promise<Answer> {
  let request = first;
  for (let followed = 0; ; followed += 1) {
    const response = await sendOnce(request, options);
    const location = locationOf(response);
    if (location === null || options.isExpected(response.status)) {
      return { response, host: request.url.host };
    }
    await response.body?.cancel().catch(() => {});
    request = redirect(request, response.status, location, followed);
  }
}

async function sendOnce(request: HttpRequest, { policy, signal }: SendOptions): Promise<Response> {
  const { method, url, headers, body } = request;
  return exchange(url.host, signal, async () => {
    await checkTarget(url, policy);
    return await fetch(url, { method, headers, body: body ?? null, signal, redirect: 'manual' });
  });
}
