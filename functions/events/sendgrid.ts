import { createHash, createPublicKey, createVerify, type KeyObject } from 'node:crypto';
import type { Connections } from '../../shared/database/connect.ts';
import { environmentVariable } from '../../shared/environment.ts';
import { type Problem, problem } from '../../shared/serve/problem.ts';
import { parseJsonBody } from '../../shared/serve/read-body.ts';

const keyVariable = 'SENDGRID_WEBHOOK_PUBLIC_KEY';
const signatureHeader = 'x-twilio-email-event-webhook-signature';
const timeHeader = 'x-twilio-email-event-webhook-timestamp';
/** Milliseconds. SendGrid tries for a day to deliver its events. */
const oldest = 24 * 60 * 60 * 1_000;
const aheadAllowed = 5 * 60 * 1_000;

/**
 * SendGrid's event webhook: an ECDSA signature of time and raw body.
 *
 * @returns 200 with the number of events that were new
 * @throws Problem 401 `invalid_signature` or `signature_expired`, PostgresError `event_replayed`
 */
export async function receiveSendGrid(
  { sql }: Connections,
  request: Request,
  body: Uint8Array,
): Promise<Response> {
  const time = request.headers.get(timeHeader) ?? '';
  const signature = Buffer.from(request.headers.get(signatureHeader) ?? '', 'base64');
  const isSigned = createVerify('sha256').update(time).update(body).verify(publicKey(), signature);
  if (!isSigned) throw invalidSignature();
  const age = Date.now() - Number(time) * 1_000;
  if (!(age <= oldest && age >= -aheadAllowed)) {
    const hint = 'Events are taken for a day after they were signed.';
    throw problem(401, 'signature_expired', 'The request was signed too long ago, or in the future.', hint);
  }
  const { text, value } = parseJsonBody(body);
  if (!Array.isArray(value)) throw problem(400, 'invalid_body', 'The body is no list of events.');
  // A signature can be written in more than one way; what was signed cannot.
  const digest = createHash('sha256').update(`sendgrid ${time} `).update(body).digest();
  const expiresAt = new Date(Date.now() + oldest + aheadAllowed);
  const [row] = await sql<{ stored: number }[]>`
    select workflow.take_email_events(${digest}, ${expiresAt}, ${text}::text::jsonb) as stored`;
  return Response.json({ stored: row?.stored ?? 0 });
}

/** @throws Problem 503 when it is not set or cannot be read */
function publicKey(): KeyObject {
  const text = environmentVariable(keyVariable);
  try {
    return createPublicKey({ key: Buffer.from(text ?? '', 'base64'), format: 'der', type: 'spki' });
  } catch {
    const state = text ? 'is no public key' : 'is not set';
    console.error(`workflow events: ${keyVariable} ${state}`);
    const hint = `Set ${keyVariable} to the verification key of SendGrid's event webhook.`;
    throw problem(
      503,
      'integration_not_configured',
      `Signatures cannot be checked: ${keyVariable} ${state}.`,
      hint,
    );
  }
}

function invalidSignature(): Problem {
  const hint = `Send SendGrid's own signature of time and body in ${signatureHeader}.`;
  return problem(401, 'invalid_signature', 'The signature is missing or wrong.', hint);
}
