import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort } from '../../supabase/local/ports.ts';
import { startDatabase } from '../../supabase/local/postgres/database.ts';
import { pushMigrations } from '../../supabase/local/postgres/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A migrated database without any worker, as superuser; tests copy it. */
    engineTemplate: string;
  }
}

/** One cluster for the state machine's tests: each file copies its database and drives the engine by hand. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'workflow-engine-'));
  const database = await startDatabase({ dataDir, port: await freePort(), say: () => {} });
  const stop = async () => {
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await pushMigrations(database.url);
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide('engineTemplate', database.adminUrl);
  return stop;
}
