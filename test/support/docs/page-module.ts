import { once } from 'node:events';
import { createClient } from '@supabase/supabase-js';
import { WebSocket } from 'ws';

// Loaded by the program of a page: gives its blocks what the page takes for granted, and waits between them.

/**
 * @param shared reads the constants that blocks in other languages name
 * @returns what waits for the turn of the next block
 */
export function openPage(shared: Record<string, () => unknown>): () => Promise<void> {
  // Node 20 has none of its own.
  globalThis.WebSocket ??= WebSocket as never;
  return async () => {
    process.send?.({
      values: Object.fromEntries(Object.keys(shared).flatMap((name) => known(name, shared))),
    });
    const [{ values, environment }] = await once(process, 'message');
    Object.assign(globalThis, values);
    Object.assign(process.env, environment);
    await signIn(values);
  };
}

/** A constant of a block that has not run yet has no value. */
function known(name: string, shared: Record<string, () => unknown>): [string, unknown][] {
  try {
    return [[name, shared[name]?.()]];
  } catch {
    return [];
  }
}

/** The client that pages call `supabase`, until they make one. */
async function signIn(values: Record<string, string>): Promise<void> {
  const { url = '', publishableKey = '', email = '', password = '' } = values;
  if ('supabase' in globalThis || !url) return;
  const supabase = createClient(url, publishableKey, { auth: { persistSession: false } });
  const { error } = await supabase.auth.signInWithPassword({ email, password });
  if (error) throw error;
  Object.assign(globalThis, { supabase });
}
