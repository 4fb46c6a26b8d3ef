import { randomUUID } from 'node:crypto';
import {
  createClient,
  type SupabaseClient,
  type SupabaseClientOptions,
  type WebSocketLikeConstructor,
} from '@supabase/supabase-js';
import postgres, { type Sql } from 'postgres';
import { afterAll, inject } from 'vitest';
import { WebSocket } from 'ws';
import { copyDatabase } from '../../supabase/local/postgres/migrate.ts';
import { migratedDatabase } from './platform-process.ts';

/** Where the platform is that all test files share. */
export const platform = inject('platform');

/** A connection to its database as role `postgres`, closed when the test file ends. */
export const sql = connect(platform.db_url);

/** The same as superuser `supabase_admin`, for what a hosted project does not allow. */
export const adminSql = connect(platform.db_url.replace('//postgres:', '//supabase_admin:'));

/**
 * A migrated database of the test file's own, with neither worker, pg_cron nor pg_net beside it. Dropped when the file ends.
 * @returns its address as role `postgres`
 */
export async function cloneDatabase(): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(platform.db_url);
  url.pathname = `/${name}`;
  const server = postgres(platform.db_url, { max: 1, onnotice: () => {} });
  afterAll(async () => {
    await server`drop database if exists ${server(name)} with (force)`;
    await server.end({ timeout: 1 });
  });
  await copyDatabase(`${platform.db_url.replace(/[^/]+$/, '')}${migratedDatabase}`, name);
  return url.href;
}

/** Opens a connection that is closed when the test file ends. */
export function connect(url: string): Sql {
  const connection = postgres(url, { max: 4, idle_timeout: 20, onnotice: () => {} });
  afterAll(() => connection.end({ timeout: 1 }));
  return connection;
}

const options: SupabaseClientOptions<'public'> = {
  auth: { persistSession: false, autoRefreshToken: false },
  // Node 20 has no WebSocket of its own.
  realtime: { transport: WebSocket as unknown as WebSocketLikeConstructor },
};

/** A supabase-js client that is nobody yet. */
export function anonymousClient(): SupabaseClient {
  return createClient(platform.api_url, platform.publishable_key, options);
}

/** A supabase-js client with the secret key: role `service_role`, past row-level security. */
export function serviceClient(): SupabaseClient {
  return createClient(platform.api_url, platform.secret_key, options);
}

export interface TestUser {
  /** Signed in as this user. */
  client: SupabaseClient;
  id: string;
  email: string;
  password: string;
}

/** Makes a new user and signs it in. */
export async function signUpUser(): Promise<TestUser> {
  const client = anonymousClient();
  const email = `${randomUUID()}@example.com`;
  const password = 'a-long-password';
  const { data, error } = await client.auth.signUp({ email, password });
  if (error || !data.user || !data.session) throw error ?? new Error('signed up without a session');
  await client.realtime.setAuth(data.session.access_token);
  return { client, id: data.user.id, email, password };
}

/** Makes a new user with an organisation of its own. */
export async function signUp(name = 'Test'): Promise<TestUser & { organizationId: string }> {
  const user = await signUpUser();
  const organizationId = randomUUID();
  const { error } = await user.client.from('organizations').insert({ id: organizationId, name });
  if (error) throw new Error(`The organisation could not be made: ${error.message}`);
  return { ...user, organizationId };
}

/** Puts a user into an organisation, past row-level security. */
export async function addMember(organizationId: string, userId: string, role = 'viewer'): Promise<void> {
  await sql`
    insert into public.organization_members (organization_id, user_id, role)
    values (${organizationId}, ${userId}, ${role})`;
}
