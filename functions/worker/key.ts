import { createHash, timingSafeEqual } from 'node:crypto';

type Environment = { get(name: string): string | undefined };

/** The secret keys that may call the worker: the project's secret keys, and the legacy service key. */
export function secretKeys(env: Environment): string[] {
  const named = JSON.parse(env.get('SUPABASE_SECRET_KEYS') || '{}') as Record<string, string>;
  const legacy = env.get('SUPABASE_SERVICE_ROLE_KEY');
  return [...(named.default ? [named.default] : []), ...Object.values(named), ...(legacy ? [legacy] : [])];
}

/** Whether a request carries one of the keys, in `apikey` or as bearer; compared in constant time. */
export function isAuthorized(request: Request, keys: string[]): boolean {
  const bearer = request.headers.get('authorization')?.replace(/^bearer /i, '');
  const given = digest(request.headers.get('apikey') ?? bearer ?? '');
  // Every key is compared, so that the time taken does not tell which one came close.
  return keys.map((key) => timingSafeEqual(digest(key), given)).includes(true);
}

const digest = (text: string) => createHash('sha256').update(text).digest();
