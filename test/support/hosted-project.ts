import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll } from 'vitest';
import { functionEnvironment } from '../../supabase/local/functions/environment.ts';
import { startFunction } from '../../supabase/local/functions/process.ts';
import { startApi } from '../../supabase/local/gateway/api.ts';
import type { Route } from '../../supabase/local/gateway/functions.ts';
import { startGateway } from '../../supabase/local/gateway/server.ts';
import { jwtSecret, publishableKey, secretKey } from '../../supabase/local/keys.ts';
import { createLifecycle } from '../../supabase/local/lifecycle.ts';
import { projectDir } from '../../supabase/local/paths.ts';
import { startPgCron } from '../../supabase/local/pg-cron/ticker.ts';
import { startPgNet } from '../../supabase/local/pg-net/runner.ts';
import { freePort } from '../../supabase/local/ports.ts';
import { startDatabase } from '../../supabase/local/postgres/database.ts';
import { copyDatabase } from '../../supabase/local/postgres/migrate.ts';
import { startRealtime } from '../../supabase/local/realtime/server.ts';
import { type ManagementApi, startManagementApi } from './management-api.ts';
import { temporaryFolder } from './platform-process.ts';
import { usersOf } from './users.ts';

/**
 * A new hosted project, as far as it can be had here: an empty database, an API, no function. It runs what is uploaded to its
 * management API and nothing of the working tree.
 */
export interface HostedProject extends ReturnType<typeof usersOf> {
  management: ManagementApi;
  apiUrl: string;
  /** As role `postgres`; with `sslmode=disable`, as the CLI needs it here. */
  dbUrl: string;
  /** Two more databases, as empty. */
  emptyDbUrls: [string, string];
  publishableKey: string;
  secretKey: string;
  sql: Sql;
}

/** Call it at the top of the file; it stops when the file ends. */
export async function useHostedProject(): Promise<HostedProject> {
  const folder = temporaryFolder();
  const life = createLifecycle((error) => {
    throw error;
  });
  afterAll(async () => {
    await life.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const log = () => {};
  const [dbPort, port] = [await freePort(), await freePort()];
  const database = await life.part(startDatabase({ dataDir: folder, port: dbPort }));
  const { url, adminUrl } = database;
  for (const name of ['first', 'second']) await copyDatabase(url, name);
  const apiUrl = `http://127.0.0.1:${port}`;
  const routes = new Map<string, Route>();

  const environment = () => ({
    ...functionEnvironment(folder, apiUrl, url),
    ...Object.fromEntries(management.secrets),
  });
  const management = await life.part(
    startManagementApi(folder, (slug, bundle, { entrypoint_path, import_map_path, verify_jwt }) => {
      // What hosted installs by the versions of deno.json.
      symlinkSync(join(projectDir, 'node_modules'), join(bundle, 'node_modules'), 'junction');
      void routes.get(slug)?.process.stop();
      const process = startFunction({
        name: slug,
        entrypoint: join(bundle, entrypoint_path),
        config: join(bundle, import_map_path),
        env: environment(),
        logFile: join(folder, 'logs', `function-${slug}.log`),
        onGiveUp: life.fail,
      });
      life.onStop(process.stop);
      routes.set(slug, { verifyJwt: verify_jwt, process });
    }),
  );
  const realtime = await life.part(
    startRealtime({ dbUrl: adminUrl, jwtSecret, publishableKey, secretKey, log }),
  );
  const api = await life.part(
    startApi({ dbUrl: url, siteUrl: apiUrl, schemas: ['public'], maxRows: 1000, log }),
  );
  await life.part(startGateway({ port, api, realtime, functions: routes, log }));
  await life.part(startPgNet({ dbUrl: adminUrl, log }));
  await life.part(startPgCron({ dbUrl: adminUrl, log }));

  const sql = postgres(url, { max: 2, onnotice: () => {} });
  life.onStop(() => sql.end({ timeout: 1 }));
  const details = { api_url: apiUrl, publishable_key: publishableKey, secret_key: secretKey };
  const users = usersOf(details, sql);
  life.onStop(users.disconnect);
  const dbUrl = `${url}?sslmode=disable`;
  const other = (name: string) => dbUrl.replace('/postgres?', `/${name}?`);
  const emptyDbUrls: [string, string] = [other('first'), other('second')];
  return { management, apiUrl, dbUrl, emptyDbUrls, publishableKey, secretKey, sql, ...users };
}
