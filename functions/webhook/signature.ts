import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Trigger } from '../../shared/definition/index.ts';
import { parseDuration } from '../../shared/expression/index.ts';
import { problem } from '../../shared/serve/problem.ts';

/** What a webhook trigger demands of a request. */
export type WebhookTrigger = Extract<Trigger, { type: 'webhook' }>;

/** A signature that was right, and until when the same one would be right again. */
export interface Signature {
  bytes: Uint8Array;
  expiresAt: Date;
}

/** GitHub and others write which hash it is before the digits. */
const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/i;

/**
 * Checks the HMAC-SHA256 of a body, or of `<time>.<body>`, in constant time.
 *
 * @param secret null when the organisation has none of this name
 * @param now milliseconds since 1970
 * @returns the signature, for refusing it a second time; undefined when it is of no time
 * @throws Problem 401 `invalid_signature` or `signature_expired`, 500 `secret_not_found`
 */
export function checkSignature(
  hmac: NonNullable<WebhookTrigger['hmac']>,
  secret: string | null,
  headers: Headers,
  body: Uint8Array,
  now = Date.now(),
): Signature | undefined {
  if (secret === null) {
    console.error(`workflow webhook: the organisation has no secret ${hmac.secret.$secret}`);
    const hint = 'Whoever owns the workflow has to store the secret that its trigger names.';
    throw problem(500, 'secret_not_found', 'Signatures cannot be checked.', hint);
  }
  const time = hmac.timestampHeader ? timeOf(headers.get(hmac.timestampHeader), hmac.timestampHeader) : null;
  const given = SIGNATURE.exec(headers.get(hmac.header)?.trim() ?? '')?.[1];
  const digest = createHmac('sha256', secret)
    .update(time === null ? '' : `${time}.`)
    .update(body)
    .digest();
  if (given === undefined || !timingSafeEqual(Buffer.from(given, 'hex'), digest)) {
    const signed = time === null ? 'the body' : '<time>.<body>';
    const hint = `Send the hex HMAC-SHA256 of ${signed} in ${hmac.header}.`;
    throw problem(401, 'invalid_signature', 'The signature is missing or wrong.', hint);
  }
  return time === null ? undefined : { bytes: digest, expiresAt: endOf(time, hmac.tolerance, now) };
}

function timeOf(header: string | null, name: string): string {
  if (/^\d{1,12}$/.test(header ?? '')) return header as string;
  const hint = `Send the Unix time in seconds in ${name}.`;
  throw problem(401, 'invalid_signature', 'The time of the signature is missing or unreadable.', hint);
}

function endOf(time: string, tolerance: string, now: number): Date {
  const signedAt = Number(time) * 1000;
  const limit = parseDuration(tolerance) ?? 0;
  if (Math.abs(now - signedAt) > limit) {
    const hint = `Sign each request when you send it, with a clock that is right to ${tolerance}.`;
    throw problem(401, 'signature_expired', 'The request was signed too long ago, or in the future.', hint);
  }
  return new Date(signedAt + limit);
}
