import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Database } from './database.types.ts';
import { WorkflowError } from './error.ts';

/** A client of any application, whatever its own database types are. */
// biome-ignore lint/suspicious/noExplicitAny: stands for every set of types
export type AnySupabaseClient = SupabaseClient<any, any, any, any, any>;

/** A client that knows the engine's tables. */
export type EngineClient = SupabaseClient<Database>;

/** The same client, with the types of the engine's tables. */
export const engineClient = (supabase: AnySupabaseClient) => supabase as unknown as EngineClient;

/**
 * A client from the environment: `NEXT_PUBLIC_SUPABASE_URL` and `NEXT_PUBLIC_SUPABASE_ANON_KEY`, or `SUPABASE_URL` and
 * `SUPABASE_PUBLISHABLE_KEY` (or `SUPABASE_ANON_KEY`). On Node 20, which has no WebSocket, set `globalThis.WebSocket` to that of the package
 * `ws` before, or pass a client of your own with `realtime: { transport: WebSocket }`.
 *
 * @throws WorkflowError `client_not_configured`
 */
export function clientFromEnvironment(): AnySupabaseClient {
  const { url, key } = readEnvironment();
  if (url && key) return createClient(url, key);
  throw new WorkflowError({
    code: 'client_not_configured',
    message: `There is no ${url ? 'key' : 'URL'} of a Supabase project in the environment.`,
    hint: 'Set NEXT_PUBLIC_SUPABASE_URL and NEXT_PUBLIC_SUPABASE_ANON_KEY, or pass a supabase client.',
  });
}

/** What bundlers replace, or what Node and Deno have; a browser has no `process`. */
declare const process: { env: { [name: string]: string | undefined } };

/** Bundlers put values in place of `process.env.NEXT_PUBLIC_…` only where it is written like this. */
function readEnvironment() {
  return {
    url: tryRead(() => process.env.NEXT_PUBLIC_SUPABASE_URL) || tryRead(() => process.env.SUPABASE_URL),
    key:
      tryRead(() => process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY) ||
      tryRead(() => process.env.SUPABASE_PUBLISHABLE_KEY) ||
      tryRead(() => process.env.SUPABASE_ANON_KEY),
  };
}

/** Undefined where there is no environment, or Deno may not read it. */
function tryRead(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
