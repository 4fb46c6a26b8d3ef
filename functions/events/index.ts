/**
 * What providers report about messages: `POST /functions/v1/events/sendgrid` and `/events/twilio`.
 *
 *   signature of the raw body ─▶ the same request once ─▶ email_events, email_logs, sms_logs ─▶ 200
 *
 * The signature is the only credential; what is forged, too old or repeated is answered with 401 and leaves
 * nothing. A report that was not taken because the database failed is answered with 503 and comes again.
 */
import { connect, isWriteAfterClose } from '../../shared/database/connect.ts';
import { Problem, problem, problemResponse } from '../../shared/serve/problem.ts';
import { readRequestBody } from '../../shared/serve/read-body.ts';
import { type DatabaseError, refusalProblem } from '../../shared/serve/refusal.ts';
import { receiveSendGrid } from './sendgrid.ts';
import { receiveTwilio } from './twilio.ts';

const connections = connect(Deno.env, 'workflow-events');
const receivers = { sendgrid: receiveSendGrid, twilio: receiveTwilio };
/** SendGrid sends some hundred events at once, of at most a few kilobytes each. */
const maxBytes = 5 * 1024 * 1024;

// A lost connection ends the requests that used it, not the whole isolate.
globalThis.addEventListener('error', (event) => {
  if (isWriteAfterClose(event.error)) event.preventDefault();
});

async function receive(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.split('/').pop() ?? '';
  const receiver = Object.hasOwn(receivers, name) ? receivers[name as keyof typeof receivers] : undefined;
  if (!receiver) {
    throw problem(404, 'unknown_provider', 'Nobody reports here.', 'Use /events/sendgrid or /events/twilio.');
  }
  if (request.method !== 'POST') {
    throw problem(405, 'method_not_allowed', 'Reports are posted.', 'Use POST.', { allow: 'POST' });
  }
  return receiver(connections, request, await readRequestBody(request, maxBytes));
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const refusal = refusalProblem(error as DatabaseError);
  if (refusal) return refusal;
  console.error('workflow events:', error);
  const headers = { 'retry-after': '5' };
  return problem(503, 'database_unavailable', 'The report could not be taken in.', 'Send it again.', headers);
}

Deno.serve(async (request) => {
  try {
    return await receive(request);
  } catch (error) {
    return problemResponse(problemOf(error));
  }
});
