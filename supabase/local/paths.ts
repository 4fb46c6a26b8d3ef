import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `supabase/local/`. */
export const localDir = dirname(fileURLToPath(import.meta.url));
/** The project's root: where `package.json`, `supabase/` and `functions/` are. */
export const projectDir = dirname(dirname(localDir));
/** Where a platform keeps its database, logs and state when nothing else is said. */
export const defaultDataDir = join(projectDir, '.local');
