import { resolve } from 'node:path';
import { publishableKey, secretKey } from './keys.ts';
import { defaultDataDir } from './paths.ts';
import { freePort } from './ports.ts';
import { startDatabase } from './postgres/database.ts';
import { pushMigrations } from './postgres/migrate.ts';

export interface PlatformOptions {
  apiPort?: number;
  dbPort?: number;
  dataDir?: string;
  fresh?: boolean;
  say?: (line: string) => void;
}

export interface Platform {
  readonly apiUrl: string;
  readonly dbUrl: string;
  readonly adminUrl: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  restartDatabase(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the platform. */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const say = options.say ?? (() => {});
  const dataDir = resolve(options.dataDir ?? defaultDataDir);
  const port = options.dbPort || (await freePort(options.dbPort ?? 54322));
  const database = await startDatabase({ dataDir, port, fresh: options.fresh, say });
  try {
    const applied = await pushMigrations(database.url);
    say(`Postgres on port ${port}, ${applied} migrations applied`);
  } catch (error) {
    await database.stop();
    throw error;
  }
  return {
    apiUrl: `http://127.0.0.1:${options.apiPort ?? 54321}`,
    dbUrl: database.url,
    adminUrl: database.adminUrl,
    publishableKey,
    secretKey,
    restartDatabase: database.restart,
    stop: database.stop,
  };
}
