import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Connections } from '../../shared/database/connect.ts';
import { environmentVariable } from '../../shared/environment.ts';
import { problem } from '../../shared/serve/problem.ts';

const tokenVariable = 'TWILIO_AUTH_TOKEN';
/** Milliseconds for which a repetition is refused; after that the row it is about has long been settled. */
const remembered = 7 * 24 * 60 * 60 * 1_000;

/**
 * Twilio's status callbacks: an HMAC-SHA1 of the address they were sent to and of the form's fields in order
 * (https://www.twilio.com/docs/usage/security#validating-requests). The address is the one Twilio knows, not the
 * one that arrives behind the gateway.
 *
 * @returns 204
 * @throws Problem 401 `invalid_signature`, PostgresError `event_replayed`
 */
export async function receiveTwilio(
  { sql }: Connections,
  request: Request,
  body: Uint8Array,
): Promise<Response> {
  const token = environmentVariable(tokenVariable);
  if (!token) {
    const hint = `Set ${tokenVariable}.`;
    throw problem(503, 'integration_not_configured', 'Signatures cannot be checked.', hint);
  }
  const { search, searchParams } = new URL(request.url);
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const signed = `${eventsUrl()}/twilio${search}${fieldsInOrder(form)}`;
  const expected = createHmac('sha1', token).update(signed).digest();
  const given = Buffer.from(request.headers.get('x-twilio-signature') ?? '', 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    const hint = 'WORKFLOW_EVENTS_URL has to be the address that Twilio calls, up to and including /events.';
    throw problem(401, 'invalid_signature', 'The signature is missing or wrong.', hint);
  }
  const digest = createHash('sha256').update(`twilio ${signed}`).digest();
  const expiresAt = new Date(Date.now() + remembered);
  await sql`select workflow.take_sms_status(${digest}, ${expiresAt}, ${searchParams.get('key')},
    ${sql.json(Object.fromEntries(form))})`;
  return new Response(null, { status: 204 });
}

/** Names and values one after the other, in the order of the names; a value that comes twice counts once. */
function fieldsInOrder(form: URLSearchParams): string {
  const names = [...new Set(form.keys())].sort();
  return names
    .flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value))
    .join('');
}

function eventsUrl(): string {
  const named = environmentVariable('WORKFLOW_EVENTS_URL');
  return (named ?? `${environmentVariable('SUPABASE_URL')}/functions/v1/events`).replace(/\/$/, '');
}
