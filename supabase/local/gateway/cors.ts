import type { IncomingMessage, ServerResponse } from 'node:http';

const exposed =
  'Content-Range, Content-Location, Content-Profile, Range-Unit, Location, X-Total-Count, X-Request-Id';

/**
 * Lets every origin in, for every part of the gateway but functions. Answers preflight requests itself.
 * @returns true when the request is answered
 */
export function handleCors(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-expose-headers', exposed);
  if (request.method !== 'OPTIONS') return false;
  response.setHeader('access-control-allow-methods', 'GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS');
  response.setHeader(
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? '*',
  );
  response.setHeader('access-control-max-age', '3600');
  response.writeHead(204).end();
  return true;
}
