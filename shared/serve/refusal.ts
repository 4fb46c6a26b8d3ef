import { Problem } from './problem.ts';

/** An error of Postgres, from a connection (`detail`) or from the Data API (`details`). */
export interface DatabaseError {
  /** SQLSTATE, or a code of PostgREST. */
  code?: string;
  message: string;
  detail?: string | null;
  details?: string | null;
  hint?: string | null;
}

/** The HTTP status of the database's refusals. What is not listed is 422: understood, and not possible. */
const STATUS: Readonly<Record<string, number>> = {
  webhook_not_found: 404,
  workflow_not_found: 404,
  execution_not_found: 404,
  approval_not_found: 404,
  unknown_approval_link: 404,
  event_replayed: 401,
  ip_not_allowed: 403,
  not_an_approver: 403,
  requester_may_not_decide: 403,
  webhook_replayed: 409,
  workflow_not_active: 409,
  trigger_not_webhook: 409,
  execution_not_ended: 409,
  nothing_failed: 409,
  already_decided: 409,
  approval_closed: 409,
  approval_expired: 410,
};

/**
 * The problem behind an error of the database: a refusal keeps its code and hint.
 *
 * @returns undefined when it is neither a refusal nor a matter of rights or input, but a failure
 */
export function refusalProblem(error: DatabaseError): Problem | undefined {
  const { code: state = '', message } = error;
  const code = error.detail ?? error.details ?? '';
  const hint = error.hint ?? undefined;
  if (state === 'P0001' && /^[a-z]+(_[a-z]+)*$/.test(code)) {
    return new Problem(STATUS[code] ?? 422, code, message, hint);
  }
  if (state === '42501') {
    return new Problem(403, 'not_allowed', 'You may not do this.', 'Check your role in the organisation.');
  }
  if (/^PGRST30[0-3]$/.test(state)) {
    return new Problem(401, 'unauthorized', message, 'Sign in again, and send the access token as bearer.');
  }
  if (state.startsWith('22')) return new Problem(422, 'invalid_value', message, hint);
  return undefined;
}
