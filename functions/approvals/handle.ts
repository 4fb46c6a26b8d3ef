import { z } from 'zod';
import { answer, preflight, problem, refusal } from './answer.ts';
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

/** Headers by which proxies tell who calls; the audit log keeps them. */
const origin = ['cf-connecting-ip', 'x-forwarded-for', 'user-agent'];

/** Answers one request. GET and HEAD change nothing. */
export async function handle(request: Request, approvals: Approvals): Promise<Response> {
  const token = new URL(request.url).pathname.split('/').pop() ?? '';
  try {
    switch (request.method) {
      case 'OPTIONS':
        return preflight();
      case 'GET':
      case 'HEAD':
        return answer(await approvals.show(token));
      case 'POST':
        return await decide(request, token, approvals);
      default:
        return problem(405, 'method_not_allowed', 'Use GET to see the approval, POST to decide.');
    }
  } catch (error) {
    return refusal(error, () => approvals.show(token));
  }
}

async function decide(request: Request, token: string, approvals: Approvals): Promise<Response> {
  const text = await request.text();
  if (text.length > largestBody) {
    return problem(413, 'body_too_large', 'The body has more than 64 kB.', { hint: 'Shorten the comment.' });
  }
  const body = bodySchema.safeParse(parse(text));
  if (!body.success) {
    return problem(400, 'invalid_json', 'The body is no decision.', {
      hint: 'Send {"decision": "approve", "comment": "…"} or {"decision": "reject"}.',
    });
  }
  const from = origin.flatMap((name) => {
    const value = request.headers.get(name);
    return value ? [[name, value] as const] : [];
  });
  return answer(await approvals.decide(token, body.data, Object.fromEntries(from)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
