import { createHmac, timingSafeEqual } from 'node:crypto';

/** Claims of a verified access token. */
export interface Claims {
  role: string;
  /** Seconds since 1970; absent for API keys, which do not expire. */
  exp?: number;
  sub?: string;
  [claim: string]: unknown;
}

export interface Keys {
  jwtSecret: string;
  publishableKey: string;
  secretKey: string;
}

/** A refusal whose message goes to the client as it is. */
export class Refusal extends Error {}

/**
 * Says who a token stands for: one of the two API keys, or a JWT signed with HS256 that names a role and has not expired.
 * @throws {Refusal} with hosted Realtime's wording
 */
export function identify(token: string, keys: Keys): Claims {
  if (token === keys.publishableKey) return { role: 'anon' };
  if (token === keys.secretKey) return { role: 'service_role' };
  const [header, payload, signature, ...rest] = token.split('.');
  if (!header || !payload || !signature || rest.length > 0) throw malformed();
  if (parse(header).alg !== 'HS256') throw unsigned();
  const expected = createHmac('sha256', keys.jwtSecret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw unsigned();
  const claims = parse(payload);
  const { role, exp } = claims;
  if (typeof role !== 'string' || typeof exp !== 'number') {
    throw new Refusal('InvalidJWTToken: Fields `role` and `exp` are required in JWT');
  }
  const secondsAgo = Math.floor(Date.now() / 1000) - exp;
  if (secondsAgo >= 0) throw expired(secondsAgo);
  return { ...claims, role, exp };
}

/** The refusal of a token that has expired. */
export function expired(secondsAgo = 0): Refusal {
  return new Refusal(`InvalidJWTToken: Token has expired ${secondsAgo} seconds ago`);
}

function malformed(): Refusal {
  return new Refusal('MalformedJWT: The token provided is not a valid JWT');
}

function unsigned(): Refusal {
  return new Refusal('JwtSignatureError: Failed to validate JWT signature');
}

function parse(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {}
  throw malformed();
}
