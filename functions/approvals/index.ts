/**
 * Approval links: what somebody who was asked for an approval sees and decides without signing in.
 *
 *   GET  /approvals/<token>                                        shows the request and its outcome
 *   POST /approvals/<token> { "decision": "approve", "comment": "…" }   decides, once
 *
 * The token is the only credential, and belongs to one person and one request. GET and HEAD change nothing,
 * whoever follows the link: mail scanners do. Postgres decides everything; this file speaks HTTP.
 */
import { Approvals } from './approvals.ts';
import { handle } from './handle.ts';

const approvals = new Approvals(Deno.env);

Deno.serve((request) => handle(request, approvals));
