/**
 * Approval links: what somebody who was asked for an approval sees and decides without signing in.
 *
 *   GET  /approvals/<token>                                            shows the request and its outcome
 *   POST /approvals/<token> { "decision": "approve", "comment": "…" }   decides, once
 *
 * The token is the only credential, and belongs to one person and one request. GET and HEAD change nothing,
 * whoever follows the link: mail scanners do. Postgres decides everything; this function speaks HTTP.
 */
import { connect, isWriteAfterClose } from '../../shared/database/connect.ts';
import { callerAddress } from '../../shared/serve/caller.ts';
import { Approvals } from './approvals.ts';
import { handle } from './handle.ts';

const approvals = new Approvals(connect(Deno.env, 'workflow-approvals'));

// A lost connection ends the requests that used it, not the whole isolate.
globalThis.addEventListener('error', (event) => {
  if (isWriteAfterClose(event.error)) event.preventDefault();
});

Deno.serve((request) => handle(request, approvals, callerAddress(request.headers, Deno.env)));
