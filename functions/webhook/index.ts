/**
 * Webhooks: somebody outside starts a workflow by a POST to `/functions/v1/webhook/<token>`.
 *
 *   token ─▶ address, rate ─▶ body's size ─▶ signature ─▶ JSON or form ─▶ inputs, execution ─▶ 202, or its result
 *
 * The token is all a caller needs; the trigger of the workflow's active version says what else is demanded.
 * What is refused at any of these points leaves nothing but the count of the request.
 */
import { connect, isWriteAfterClose } from '../../shared/database/connect.ts';
import { callerAddress } from '../../shared/serve/caller.ts';
import { Problem, problem, problemResponse } from '../../shared/serve/problem.ts';
import { type DatabaseError, refusalProblem } from '../../shared/serve/refusal.ts';
import { WebhookEngine } from './engine.ts';
import { receive } from './receive.ts';

const engine = new WebhookEngine(connect(Deno.env, 'workflow-webhook'));

// A lost connection ends the requests that used it, not the whole isolate.
globalThis.addEventListener('error', (event) => {
  if (isWriteAfterClose(event.error)) event.preventDefault();
});

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const refusal = refusalProblem(error as DatabaseError);
  if (refusal) return refusal;
  console.error('workflow webhook:', error);
  return problem(503, 'database_unavailable', 'The request could not be taken in.', 'Send it again.', {
    'retry-after': '5',
  });
}

Deno.serve(async (request) => {
  try {
    return await receive(engine, request, callerAddress(request.headers, Deno.env));
  } catch (error) {
    return problemResponse(problemOf(error));
  }
});
