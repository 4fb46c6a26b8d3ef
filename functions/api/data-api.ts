import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { z } from 'zod';
import { Problem, problem } from '../../shared/serve/problem.ts';
import { type DatabaseError, refusalProblem } from '../../shared/serve/refusal.ts';

type Environment = { get(name: string): string | undefined };

/**
 * The Data API in the name of whoever calls: their `Authorization` and `apikey` are passed on, and judged there.
 *
 * @throws Problem 401 `unauthorized` when a request has neither
 */
export function callerClient(headers: Headers, env: Environment): SupabaseClient {
  const authorization = headers.get('authorization');
  const apikey = headers.get('apikey');
  if (!authorization && !apikey) {
    const hint = "Send the user's access token as `Authorization: Bearer …`.";
    throw problem(401, 'unauthorized', 'The request does not say who calls.', hint);
  }
  return createClient(env.get('SUPABASE_URL') ?? '', apikey ?? publishableKey(env), {
    global: { headers: authorization ? { authorization } : {} },
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

function publishableKey(env: Environment): string {
  const named = JSON.parse(env.get('SUPABASE_PUBLISHABLE_KEYS') || '{}') as Record<string, string>;
  return named.default ?? env.get('SUPABASE_ANON_KEY') ?? '';
}

interface Result<T> {
  data: T;
  error: DatabaseError | null;
  status: number;
}

/**
 * The data of an answer of the Data API.
 *
 * @throws Problem for what it refuses; 503 `database_unavailable` when it does not answer
 */
export function dataOf<T>({ data, error, status }: Result<T>): NonNullable<T> {
  if (!error) return data as NonNullable<T>;
  if (status === 401) {
    const hint = 'Sign in again, and send the access token as bearer.';
    throw problem(401, 'unauthorized', error.message, hint);
  }
  const refusal = refusalProblem(error);
  if (refusal) throw refusal;
  if (status > 0 && status < 500)
    throw new Problem(422, 'invalid_value', error.message, error.hint ?? undefined);
  console.error('workflow api:', status, error);
  throw problem(503, 'database_unavailable', 'The Data API does not answer.', 'Try again.', {
    'retry-after': '5',
  });
}

/** The columns that a resource shows. */
export function columnsOf(schema: z.ZodObject): string {
  return Object.keys(schema.shape).join(', ');
}
