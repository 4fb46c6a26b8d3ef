import { describe, expect, it } from 'vitest';
import { isAuthorized, secretKeys } from '../../../functions/worker/key.ts';

const environment = (values: Record<string, string>) => ({ get: (name: string) => values[name] });
const request = (headers: Record<string, string>) => new Request('http://worker.test', { headers });

describe("the worker's key", () => {
  const keys = secretKeys(
    environment({
      SUPABASE_SECRET_KEYS: '{"default": "sb_secret_a", "spare": "sb_secret_b"}',
      SUPABASE_SERVICE_ROLE_KEY: 'legacy',
    }),
  );

  it('is any of the secret keys, the default one first', () => {
    expect(keys[0]).toBe('sb_secret_a');
    for (const apikey of ['sb_secret_a', 'sb_secret_b', 'legacy'])
      expect(isAuthorized(request({ apikey }), keys)).toBe(true);
  });

  it('may come as bearer token', () => {
    expect(isAuthorized(request({ authorization: 'Bearer legacy' }), keys)).toBe(true);
  });

  it.each(['', 'sb_secret_', 'SB_SECRET_A', 'sb_publishable_a'])('is not %j', (apikey) => {
    expect(isAuthorized(request({ apikey }), keys)).toBe(false);
  });

  it('is refused to everybody when none is configured', () => {
    expect(isAuthorized(request({ apikey: '' }), secretKeys(environment({})))).toBe(false);
  });
});
