// Writes shared/client/database.types.ts from the migrations: `npm run gen:types`.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectDir } from './paths.ts';
import { freePort } from './ports.ts';
import { startDatabase } from './postgres/database.ts';
import { pushMigrations } from './postgres/migrate.ts';
import { generateTypes } from './postgres/types.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'atlvs-types-'));
chmodSync(dataDir, 0o755);
const database = await startDatabase({ dataDir, port: await freePort() });
try {
  await pushMigrations(database.url);
  writeFileSync(join(projectDir, 'shared/client/database.types.ts'), await generateTypes(database.url));
} finally {
  await database.stop();
  rmSync(dataDir, { recursive: true });
}
