import { randomUUID } from 'node:crypto';
import {
  createClient,
  type SupabaseClient,
  type SupabaseClientOptions,
  type WebSocketLikeConstructor,
} from '@supabase/supabase-js';
import type { Sql } from 'postgres';
import { WebSocket } from 'ws';
import type { PlatformDetails } from './platform-process.ts';

const options: SupabaseClientOptions<'public'> = {
  auth: { persistSession: false, autoRefreshToken: false },
  // Node 20 has no WebSocket of its own.
  realtime: { transport: WebSocket as unknown as WebSocketLikeConstructor },
};

export interface TestUser {
  /** Signed in as this user. */
  client: SupabaseClient;
  id: string;
  email: string;
  password: string;
}

/** A user with an organisation of its own, whose owner it is. */
export type TestOwner = TestUser & { organizationId: string };

/** Clients and users of a platform. @param sql its database as role `postgres` */
export function usersOf(
  platform: Pick<PlatformDetails, 'api_url' | 'publishable_key' | 'secret_key'>,
  sql: Sql,
) {
  const clients: SupabaseClient[] = [];
  const connectAs = (key: string) => {
    const client = createClient(platform.api_url, key, options);
    clients.push(client);
    return client;
  };

  /** A supabase-js client that is nobody yet. */
  const anonymousClient = () => connectAs(platform.publishable_key);

  /** A supabase-js client with the secret key: role `service_role`, past row-level security. */
  const serviceClient = () => connectAs(platform.secret_key);

  /** Makes a new user and signs it in. */
  async function signUpUser(): Promise<TestUser> {
    const client = anonymousClient();
    const email = `${randomUUID()}@example.com`;
    const password = 'a-long-password';
    const { data, error } = await client.auth.signUp({ email, password });
    if (error || !data.user || !data.session) throw error ?? new Error('signed up without a session');
    await client.realtime.setAuth(data.session.access_token);
    return { client, id: data.user.id, email, password };
  }

  /** Makes a new user with an organisation of its own. */
  async function signUp(name = 'Test'): Promise<TestOwner> {
    const user = await signUpUser();
    const organizationId = randomUUID();
    const { error } = await user.client.from('organizations').insert({ id: organizationId, name });
    if (error) throw new Error(`The organisation could not be made: ${error.message}`);
    return { ...user, organizationId };
  }

  /** Puts a user into an organisation, past row-level security. */
  async function addMember(organizationId: string, userId: string, role = 'viewer'): Promise<void> {
    await sql`
      insert into public.organization_members (organization_id, user_id, role)
      values (${organizationId}, ${userId}, ${role})`;
  }

  /** Takes every client off Realtime. */
  async function disconnect(): Promise<void> {
    await Promise.all(clients.map(({ realtime }) => realtime.disconnect()));
  }

  return { disconnect, anonymousClient, serviceClient, signUpUser, signUp, addMember };
}
