import { z } from 'zod';
import { allowOrigins, preflight } from '../../shared/serve/cors.ts';
import { problem } from '../../shared/serve/problem.ts';
import { parseJsonBody, readRequestBody } from '../../shared/serve/read-body.ts';
import { answer, refusal } from './answer.ts';
import type { Approvals } from './approvals.ts';

const largestBody = 64 * 1024;

const bodySchema = z.object({
  decision: z.string().default(''),
  // Postgres holds no null character.
  comment: z
    .string()
    .refine((text) => !text.includes('\0'))
    .nullable()
    .default(null),
});

/**
 * Answers one request. GET and HEAD change nothing.
 *
 * @param ip from where it comes, as the gateway says
 */
export async function handle(request: Request, approvals: Approvals, ip: string | null): Promise<Response> {
  const asked = preflight(request);
  if (asked) return asked;
  const token = new URL(request.url).pathname.split('/').pop() ?? '';
  try {
    return allowOrigins(await respond(request, token, approvals, ip));
  } catch (error) {
    return allowOrigins(await refusal(error, () => approvals.show(token)));
  }
}

async function respond(
  request: Request,
  token: string,
  approvals: Approvals,
  ip: string | null,
): Promise<Response> {
  if (request.method === 'POST') return decide(request, token, approvals, ip);
  if (request.method === 'GET' || request.method === 'HEAD') return answer(await approvals.show(token));
  const hint = 'Use GET to see the approval, POST to decide.';
  throw problem(405, 'method_not_allowed', `${request.method} does nothing here.`, hint, {
    allow: 'GET, HEAD, POST, OPTIONS',
  });
}

async function decide(
  request: Request,
  token: string,
  approvals: Approvals,
  ip: string | null,
): Promise<Response> {
  const { value } = parseJsonBody(await readRequestBody(request, largestBody));
  const body = bodySchema.safeParse(value);
  if (!body.success) {
    const hint = 'Send {"decision": "approve", "comment": "…"} or {"decision": "reject"}.';
    throw problem(400, 'invalid_json', 'The body is no decision.', hint);
  }
  const from = { ip, user_agent: request.headers.get('user-agent')?.slice(0, 300) ?? null };
  return answer(await approvals.decide(token, body.data, from));
}
