import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, inject } from 'vitest';
import { copyDatabase } from '../../supabase/local/postgres/migrate.ts';
import { migratedDatabase } from './platform-process.ts';
import { usersOf } from './users.ts';

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

/** Clients and users of the shared platform. */
export const { anonymousClient, serviceClient, signUpUser, signUp, addMember } = usersOf(platform, sql);
