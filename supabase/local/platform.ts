import { join, resolve } from 'node:path';
import { type Demo, ensureDemo } from './demo.ts';
import { type ProjectConfig, readConfig } from './functions/config.ts';
import { functionEnvironment } from './functions/environment.ts';
import { startFunction } from './functions/process.ts';
import { loadLibrary, startApi } from './gateway/api.ts';
import type { Route } from './gateway/functions.ts';
import { startGateway } from './gateway/server.ts';
import { jwtSecret, publishableKey, secretKey } from './keys.ts';
import { createLifecycle } from './lifecycle.ts';
import { logTo } from './log.ts';
import { defaultDataDir, projectDir } from './paths.ts';
import { startPgCron } from './pg-cron/ticker.ts';
import { startPgNet } from './pg-net/runner.ts';
import { choosePort } from './ports.ts';
import { startDatabase } from './postgres/database.ts';
import { copyDatabase, pushMigrations } from './postgres/migrate.ts';
import { startRealtime } from './realtime/server.ts';
import { removeState, takeOver, writeState } from './state.ts';
import { storeSecrets } from './vault.ts';

export interface PlatformOptions {
  /** Ports: the ones of `config.toml` by default (or free ones where those are taken), 0 for any free one. */
  apiPort?: number;
  dbPort?: number;
  /** Where the database, the logs and `platform.json` go; `.local/` by default. */
  dataDir?: string;
  /** Throw away what is in the data folder. */
  fresh?: boolean;
  /** The folder that holds `supabase/` and `functions/`; this project by default. */
  project?: string;
  /** Leave the Edge Functions out. */
  withoutFunctions?: boolean;
  /** Keep an untouched copy of the migrated database under this name. */
  copyAs?: string;
  /** Told what happens, one line at a time. */
  say?(line: string): void;
  /** Told why, after the platform has stopped by itself. */
  onFailure?(error: Error): void;
}

/** A running platform. */
export interface Platform {
  readonly apiUrl: string;
  /** As role `postgres`. */
  readonly dbUrl: string;
  /** As superuser `supabase_admin`. */
  readonly adminUrl: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly dataDir: string;
  readonly demo: Demo;
  pids(): { postgres: number; functions: Record<string, number> };
  restartDatabase(): Promise<void>;
  /** Stops every part; nothing is left running. */
  stop(): Promise<void>;
}

/**
 * Starts the whole platform and resolves when everything answers.
 * @throws {PlatformError} one sentence that says what to do
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const say = options.say ?? (() => {});
  const project = resolve(options.project ?? projectDir);
  const config = readConfig(project);
  const dataDir = resolve(options.dataDir ?? defaultDataDir);
  await takeOver(dataDir, say);
  const apiPort = await choosePort(options.apiPort, config.apiPort, '--api-port', say);
  const dbPort = await choosePort(options.dbPort, config.dbPort, '--db-port', say);
  const apiUrl = `http://127.0.0.1:${apiPort}`;

  void loadLibrary().catch(() => {});
  const life = createLifecycle(options.onFailure);
  const pids = { platform: process.pid, postgres: 0, functions: {} as Record<string, number> };
  const savePids = () => {
    if (!life.isStopping()) writeState(dataDir, { api_url: apiUrl, database_port: dbPort, pids });
  };
  const log = (name: string) => logTo(join(dataDir, 'logs'), name);
  life.onStop(async () => removeState(dataDir));
  try {
    const database = await startDatabase({
      dataDir,
      port: dbPort,
      fresh: options.fresh,
      say,
      onCrash: life.fail,
      onPid(pid) {
        pids.postgres = pid;
        savePids();
      },
    });
    life.onStop(database.stop);
    const { url: dbUrl, adminUrl } = database;
    say(`Postgres 17 on port ${dbPort}`);

    const pushing = pushMigrations(dbUrl, project);
    if (options.copyAs) {
      await pushing;
      await copyDatabase(dbUrl, options.copyAs);
    }
    const functions = options.withoutFunctions ? [] : config.functions;
    const routes = startFunctions(functions, functionEnvironment(project, apiUrl, dbUrl), {
      logs: join(dataDir, 'logs'),
      onGiveUp: life.fail,
      onPid(name, pid) {
        pids.functions[name] = pid;
        savePids();
      },
    });
    for (const { process } of routes.values()) life.onStop(process.stop);
    const [applied, realtime] = await Promise.all([
      pushing,
      life.part(
        startRealtime({ dbUrl: adminUrl, jwtSecret, publishableKey, secretKey, log: log('realtime') }),
      ),
    ]);
    say(applied ? `${applied} migrations applied` : 'No new migrations');

    await storeSecrets(adminUrl, { project_url: apiUrl, secret_key: secretKey });
    const { schemas, maxRows } = config;
    const api = await life.part(startApi({ dbUrl, siteUrl: apiUrl, schemas, maxRows, log: log('api') }));
    await life.part(startGateway({ port: apiPort, api, realtime, functions: routes, log: log('gateway') }));
    await life.part(startPgNet({ dbUrl: adminUrl, log: log('pg_net') }));
    await life.part(startPgCron({ dbUrl: adminUrl, log: log('pg_cron') }));
    say(`API on port ${apiPort}`);

    const demo = await ensureDemo(apiUrl, publishableKey);
    await Promise.all([...routes.values()].map(({ process }) => process.port(10_000)));
    if (routes.size > 0) say(`Functions: ${[...routes.keys()].join(', ')}`);
    life.throwIfFailed();
    return {
      apiUrl,
      dbUrl,
      adminUrl,
      publishableKey,
      secretKey,
      dataDir,
      demo,
      pids: () => ({ postgres: pids.postgres, functions: { ...pids.functions } }),
      restartDatabase: database.restart,
      stop: life.stop,
    };
  } catch (error) {
    await life.stop();
    life.throwIfFailed();
    throw error;
  }
}

function startFunctions(
  functions: ProjectConfig['functions'],
  env: Record<string, string>,
  options: { logs: string; onPid(name: string, pid: number): void; onGiveUp(error: Error): void },
): Map<string, Route> {
  return new Map(
    functions.map(({ name, verifyJwt, entrypoint, importMap }) => {
      const process = startFunction({
        name,
        entrypoint,
        importMap,
        env,
        logFile: join(options.logs, `function-${name}.log`),
        onPid: (pid) => options.onPid(name, pid),
        onGiveUp: options.onGiveUp,
      });
      return [name, { verifyJwt, process }];
    }),
  );
}
