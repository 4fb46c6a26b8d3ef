import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { jwtSecret, legacyKey, publishableKey, secretKey } from '../keys.ts';

/** Whether a JWT is signed with this platform's secret and not expired. */
export function isValidToken(token: string): boolean {
  const [header, payload, signature] = token.split('.');
  if (!header || !payload || !signature) return false;
  const wanted = createHmac('sha256', jwtSecret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof exp !== 'number' || exp * 1000 > Date.now();
  } catch {
    return false;
  }
}

/** The bearer token of a request, empty when it has none. */
export function bearerOf(headers: IncomingHttpHeaders): string {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

const replacements = new Map([
  [legacyKey('anon'), publishableKey],
  [legacyKey('service_role'), secretKey],
]);

/** Turns legacy `anon` and `service_role` keys into today's, which is all the Data API and Auth know. */
export function replaceLegacyKeys(headers: IncomingHttpHeaders): void {
  const bearer = replacements.get(bearerOf(headers));
  const key = replacements.get(String(headers.apikey ?? '')) ?? bearer;
  if (key) headers.apikey = key;
  if (bearer || replacements.has(String(headers.apikey))) delete headers.authorization;
}
