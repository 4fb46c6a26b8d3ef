/** An answer that says what is wrong: thrown where it is found out, sent as RFC 9457 problem details. */
export class Problem extends Error {
  constructor(
    /** HTTP status. */
    readonly status: number,
    /** Stable, snake_case; listed in docs/errors.md. */
    readonly code: string,
    detail: string,
    /** The next thing to do. */
    readonly hint?: string,
    readonly headers: Record<string, string> = {},
    /** Everything that is wrong, where that is more than one thing. */
    readonly errors?: readonly object[],
  ) {
    super(detail);
    this.name = 'Problem';
  }
}

/** @param status HTTP status @param code as docs/errors.md lists it */
export function problem(
  status: number,
  code: string,
  detail: string,
  hint?: string,
  headers?: Record<string, string>,
): Problem {
  return new Problem(status, code, detail, hint, headers);
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** The problem as a response, `application/problem+json`. */
export function problemResponse({ status, code, message, hint, headers, errors }: Problem): Response {
  const body = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    code,
    detail: message,
    ...(hint ? { hint } : {}),
    ...(errors ? { errors } : {}),
  };
  return Response.json(body, {
    status,
    headers: { ...headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}
