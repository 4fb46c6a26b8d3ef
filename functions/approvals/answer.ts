/** Any page may call: the token is the only credential. Nothing may be kept, or told to others as referrer. */
const headers: Record<string, string> = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
  'access-control-allow-headers': 'apikey, authorization, content-type, x-client-info',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
};

/** The status of each refusal of the database. */
const statuses = new Map([
  ['unknown_approval_link', 404],
  ['not_an_approver', 403],
  ['requester_may_not_decide', 403],
  ['already_decided', 409],
  ['approval_closed', 409],
  ['approval_expired', 410],
  ['invalid_decision', 400],
]);

/** Answers a preflight request. */
export const preflight = () => new Response(null, { status: 204, headers });

/** The approval as Postgres wrote it; one whose time is over is gone. */
export function answer(approval: string): Response {
  const { status } = JSON.parse(approval) as { status: string };
  if (status === 'expired') {
    const hint = 'Ask for it to be started again.';
    return problem(410, 'approval_expired', 'The time for this approval is over.', { hint, approval });
  }
  return new Response(approval, { headers: { ...headers, 'content-type': 'application/json' } });
}

/**
 * A problem document (RFC 9457).
 *
 * @param more.approval the request as text of JSON, so that a second click sees what came of the first
 */
export function problem(
  status: number,
  code: string,
  detail: string,
  { hint, approval }: { hint?: string; approval?: string } = {},
): Response {
  const document = JSON.stringify({ type: 'about:blank', status, code, detail, hint });
  const body = approval ? `${document.slice(0, -1)},"approval":${approval}}` : document;
  const allow: Record<string, string> = status === 405 ? { allow: 'GET, HEAD, POST, OPTIONS' } : {};
  return new Response(body, {
    status,
    headers: { ...headers, ...allow, 'content-type': 'application/problem+json' },
  });
}

/** The problem document of what Postgres threw. @param show reads the request again, for its outcome */
export async function refusal(error: unknown, show: () => Promise<string>): Promise<Response> {
  const {
    detail: code = '',
    message = '',
    hint,
  } = error as { detail?: string; message?: string; hint?: string };
  const status = statuses.get(code);
  if (status === undefined) {
    console.error('workflow approvals:', error);
    return problem(503, 'database_unavailable', 'The database does not answer.', { hint: 'Try again.' });
  }
  const approval = status === 409 || status === 410 ? await show() : undefined;
  return problem(status, code, message, { hint, approval });
}
