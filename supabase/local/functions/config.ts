import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { messageOf, PlatformError } from '../errors.ts';

/** An Edge Function as `supabase/config.toml` names it. */
export interface FunctionConfig {
  name: string;
  verifyJwt: boolean;
  entrypoint: string;
  /** Where its bare imports are resolved; undefined: as this project resolves its own. */
  importMap?: string;
}

/** What the platform reads of `supabase/config.toml`. */
export interface ProjectConfig {
  apiPort: number;
  dbPort: number;
  schemas: string[];
  maxRows: number;
  functions: FunctionConfig[];
}

interface Toml {
  api?: { port?: number; schemas?: string[]; max_rows?: number };
  db?: { port?: number };
  functions?: Record<string, FunctionTable>;
}

interface FunctionTable {
  enabled?: boolean;
  verify_jwt?: boolean;
  entrypoint?: string;
  import_map?: string;
}

/** Reads a project's `supabase/config.toml`. Functions without a file are left out. */
export function readConfig(project: string): ProjectConfig {
  const file = join(project, 'supabase', 'config.toml');
  let toml: Toml;
  try {
    toml = parse(readFileSync(file, 'utf8')) as Toml;
  } catch (error) {
    throw new PlatformError(`${file} cannot be read: ${messageOf(error)}`);
  }
  const functions = Object.entries(toml.functions ?? {})
    .filter(([, entry]) => entry.enabled !== false)
    .map(([name, entry]) => ({
      name,
      verifyJwt: entry.verify_jwt ?? true,
      entrypoint: resolve(project, 'supabase', entry.entrypoint ?? `./functions/${name}/index.ts`),
      importMap: entry.import_map && resolve(project, 'supabase', entry.import_map),
    }));
  return {
    apiPort: toml.api?.port ?? 54321,
    dbPort: toml.db?.port ?? 54322,
    schemas: toml.api?.schemas ?? ['public'],
    maxRows: toml.api?.max_rows ?? 1000,
    functions: functions.filter(({ entrypoint }) => existsSync(entrypoint)),
  };
}
