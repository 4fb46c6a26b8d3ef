import { Problem, problem, problemResponse } from '../../shared/serve/problem.ts';
import { type DatabaseError, refusalProblem } from '../../shared/serve/refusal.ts';

/** The approval as Postgres wrote it; one whose time is over is gone. */
export function answer(approval: string): Promise<Response> | Response {
  const { status } = JSON.parse(approval) as { status: string };
  if (status !== 'expired') {
    return new Response(approval, {
      // Nobody but its person may keep it, or learn the token as a referrer.
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
    });
  }
  const hint = 'Ask for it to be started again.';
  return withApproval(
    problem(410, 'approval_expired', 'The time for this approval is over.', hint),
    approval,
  );
}

/** The answer to what was thrown. @param show reads the request again: a second click sees what came of the first */
export async function refusal(error: unknown, show: () => Promise<string>): Promise<Response> {
  const found = error instanceof Problem ? error : refusalProblem(error as DatabaseError);
  if (found)
    return found.status === 409 || found.status === 410
      ? withApproval(found, await show())
      : problemResponse(found);
  console.error('workflow approvals:', error);
  return problemResponse(problem(503, 'database_unavailable', 'The database does not answer.', 'Try again.'));
}

/** A problem with one member more, the request as text of JSON. */
async function withApproval(found: Problem, approval: string): Promise<Response> {
  const response = problemResponse(found);
  return new Response(`${(await response.text()).slice(0, -1)},"approval":${approval}}`, response);
}
