import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from './files.mjs';

/**
 * @typedef {'engine' | 'tenancy' | 'business'} MigrationSet
 *
 * @typedef {object} SourceMigration
 * @property {string} id its name without the timestamp, `engine_schema`
 * @property {MigrationSet} set
 * @property {string} text
 *
 * @typedef {object} FunctionTable a `[functions.<name>]` of config.toml
 * @property {string} name
 * @property {string} text with the comment above it
 *
 * @typedef {object} Source what this package brings into a project
 * @property {string} name
 * @property {string} version
 * @property {SourceMigration[]} migrations in their order
 * @property {Map<string, string>} files text by path from the project's root
 * @property {string} actions the first text of the project's own actions file
 * @property {FunctionTable[]} functions
 * @property {Record<string, string>} imports
 */

/** Where the functions and what they import go: a leading underscore tells the CLI that it is no function. */
export const engineFolder = 'supabase/functions/_workflow-engine';

/** The project's own actions, beside its functions. */
export const actionsFile = 'supabase/functions/workflow-actions.ts';

const copiedFolders = ['functions', 'shared', 'templates'];

/** What lies among them and is only used where this package is made. */
const tools = new Set([
  'shared/client/tsconfig.json',
  'shared/client/vite.config.ts',
  'templates/generate-index.ts',
  'templates/update-index.ts',
]);

const packageDir = fileURLToPath(new URL('../..', import.meta.url));

/** @returns {Source} */
export function readSource() {
  const { name, version } = JSON.parse(readPackaged('package.json'));
  return {
    name,
    version,
    migrations: readMigrations(),
    files: readFiles(),
    actions: readPackaged('functions/actions.ts').replaceAll(`'../shared/`, `'./_workflow-engine/shared/`),
    functions: readFunctions(readPackaged('supabase/config.toml')),
    imports: JSON.parse(readPackaged('deno.json')).imports,
  };
}

/** @param {string} file */
function readPackaged(file) {
  return readFileSync(join(packageDir, file), 'utf8');
}

/** @returns {SourceMigration[]} */
function readMigrations() {
  return filesBelow(join(packageDir, 'supabase/migrations')).flatMap((file) => {
    const [, id, set] = /^\d+_((engine|tenancy|business)_\w+)\.sql$/.exec(file) ?? [];
    if (!id) return [];
    return [
      { id, set: /** @type {MigrationSet} */ (set), text: readPackaged(`supabase/migrations/${file}`) },
    ];
  });
}

function readFiles() {
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const folder of copiedFolders) {
    const paths = filesBelow(join(packageDir, folder)).map((file) => `${folder}/${file}`);
    for (const path of paths.filter(isDeployed)) files.set(`${engineFolder}/${path}`, readPackaged(path));
  }
  files.set(
    `${engineFolder}/functions/actions.ts`,
    `// The project's own actions.\nimport '../../workflow-actions.ts';\n`,
  );
  return files;
}

/** @param {string} file */
function isDeployed(file) {
  return /\.(ts|json)$/.test(file) && !tools.has(file);
}

/**
 * The tables `[functions.…]` of this package's config.toml, each with the comment above it.
 * @param {string} config
 * @returns {FunctionTable[]}
 */
function readFunctions(config) {
  const tables = config.matchAll(/(?:^#.*\n)*^\[functions\.([\w-]+)\]\n(?:^\w.*\n?)*/gm);
  return [...tables].map(([text, name = '']) => ({ name, text: text.trim() }));
}
