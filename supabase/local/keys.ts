import { createHmac } from 'node:crypto';

/** Fixed keys of a local platform, the same everywhere, as `supabase start` has them. Never use them for anything public. */
export const publishableKey = 'sb_publishable_ATLVSlocal0000000000000_00000000';
export const secretKey = 'sb_secret_ATLVSlocal0000000000000_0000000000';
/** Signs users' access tokens (HS256). */
export const jwtSecret = 'super-secret-jwt-token-with-at-least-32-characters-long';
/** Password of the roles `postgres`, `supabase_admin` and `authenticator`. */
export const databasePassword = 'postgres';

/** A legacy API key: a JWT that names nothing but a role. */
export function legacyKey(role: 'anon' | 'service_role'): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iss: 'supabase-demo', role, exp: 1983812996 })}`;
  return `${body}.${createHmac('sha256', jwtSecret).update(body).digest('base64url')}`;
}
