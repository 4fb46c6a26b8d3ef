const ALLOWED = {
  'access-control-allow-origin': '*',
  // Credentials are headers, never cookies, so every origin may come in.
  'access-control-expose-headers': 'location, retry-after, preference-applied',
};

/** The answer to a browser that asks before a request; undefined when it is no such question. */
export function preflight(request: Request): Response | undefined {
  if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      ...ALLOWED,
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers':
        request.headers.get('access-control-request-headers') ?? 'authorization, apikey, content-type',
      'access-control-max-age': '3600',
    },
  });
}

/** Lets browsers read a response. */
export function allowOrigins(response: Response): Response {
  for (const [name, value] of Object.entries(ALLOWED)) response.headers.set(name, value);
  return response;
}
