import { existsSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { filesBelow, readText } from './files.mjs';
import { getValue } from './jsonc.mjs';
import { refuse } from './refusal.mjs';

/**
 * @typedef {object} Project somebody's repository
 * @property {string} dir
 * @property {(file: string) => string | undefined} read a file's text by its path from the root
 * @property {string[]} migrations names of the files
 * @property {string} importMap the file with the imports of the functions
 * @property {boolean} hasImportMap
 */

export const configFile = 'supabase/config.toml';
export const migrationsFolder = 'supabase/migrations';

/** Where Deno looks for a configuration, from the functions upwards. */
const configurations = ['supabase/functions', 'supabase', '.'].flatMap((folder) =>
  ['deno.json', 'deno.jsonc'].map((file) => posix.join(folder, file)),
);

/**
 * @param {string} folder
 * @returns {Project}
 * @throws {Refusal} `not_a_supabase_project`
 */
export function readProject(folder) {
  const dir = resolve(folder);
  if (!existsSync(join(dir, configFile))) {
    refuse(
      'not_a_supabase_project',
      `There is no ${configFile} in ${dir}.`,
      'Run this in the root of the repository (or name it with --dir), after `npx supabase init`.',
      configFile,
    );
  }
  /** @param {string} file */
  const read = (file) => readText(join(dir, file));
  const migrations = join(dir, migrationsFolder);
  return {
    dir,
    read,
    migrations: existsSync(migrations) ? filesBelow(migrations).filter((file) => file.endsWith('.sql')) : [],
    ...findImportMap(read),
  };
}

/**
 * The configuration that Deno uses for the functions as it is, or the import map that it names.
 * @param {(file: string) => string | undefined} read
 * @returns {Pick<Project, 'importMap' | 'hasImportMap'>}
 */
function findImportMap(read) {
  const found = configurations.find((file) => read(file) !== undefined);
  if (!found) return { importMap: 'supabase/functions/deno.json', hasImportMap: false };
  const named = getValue(read(found) ?? '', ['importMap'], found);
  const importMap = typeof named === 'string' ? posix.join(dirname(found), named) : found;
  return { importMap, hasImportMap: read(importMap) !== undefined };
}
