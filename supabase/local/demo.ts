import { createClient, type SupabaseClient, type WebSocketLikeConstructor } from '@supabase/supabase-js';
import { WebSocket } from 'ws';
import { PlatformError } from './errors.ts';

/** Somebody to look around as. */
export interface Demo {
  email: string;
  password: string;
  /** Null while the project has no organisations. */
  organization_id: string | null;
}

const credentials = { email: 'demo@example.com', password: 'demo-password' };

/** Signs the demo user in, making the user and its organisation `Demo` where they do not exist. */
export async function ensureDemo(apiUrl: string, publishableKey: string): Promise<Demo> {
  const client = createClient(apiUrl, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WebSocket as unknown as WebSocketLikeConstructor },
  });
  const known = await client.auth.signInWithPassword(credentials);
  const { data, error } = known.error ? await client.auth.signUp(credentials) : known;
  if (error || !data.user) throw new PlatformError(`The demo user could not sign in: ${error?.message}`);
  let organization = await findOrganization(client, data.user.id);
  if (organization === undefined) {
    const { error } = await client.from('organizations').insert({ name: 'Demo' });
    if (error) throw new PlatformError(`The demo organisation could not be made: ${error.message}`);
    organization = await findOrganization(client, data.user.id);
  }
  return { ...credentials, organization_id: organization ?? null };
}

/** Null when there is no such table, undefined when the user is in no organisation. */
async function findOrganization(client: SupabaseClient, user: string): Promise<string | null | undefined> {
  const query = client.from('organization_members').select('organization_id').eq('user_id', user).limit(1);
  const { data, error } = await query;
  if (error) {
    if (error.code === 'PGRST205' || error.code === '42P01') return null;
    throw new PlatformError(`The demo user's organisation could not be read: ${error.message}`);
  }
  return data[0]?.organization_id;
}
