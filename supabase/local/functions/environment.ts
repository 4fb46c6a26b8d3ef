import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { legacyKey, publishableKey, secretKey } from '../keys.ts';

/**
 * The environment of a hosted Edge Function, with the secrets of `functions/.env` where there is one.
 * @param project the folder that holds `functions/`
 * @param apiUrl the gateway
 * @param dbUrl the database as role `postgres`
 */
export function functionEnvironment(project: string, apiUrl: string, dbUrl: string): Record<string, string> {
  const file = join(project, 'functions', '.env');
  const secrets = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return {
    ...(secrets as Record<string, string>),
    SUPABASE_URL: apiUrl,
    SUPABASE_DB_URL: dbUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
    SUPABASE_ANON_KEY: legacyKey('anon'),
    SUPABASE_SERVICE_ROLE_KEY: legacyKey('service_role'),
  };
}
