import { refuse } from './refusal.mjs';

/**
 * What `init` remembers in the project, so that the next one knows what is whose.
 *
 * @typedef {object} Manifest
 * @property {string} version of the package
 * @property {import('./source.mjs').MigrationSet[]} sets
 * @property {Record<string, WrittenMigration>} migrations by id
 * @property {Record<string, string>} files hash by path
 * @property {string} actions hash of the first text of the project's actions file
 * @property {import('./import-map.mjs').WrittenImports} imports
 *
 * @typedef {object} WrittenMigration
 * @property {string} file
 * @property {string} sha256 of the text it was copied from
 */

export const manifestFile = 'supabase/workflow-engine.json';

/**
 * @param {import('./project.mjs').Project} project
 * @returns {Manifest | undefined} undefined where `init` has never run
 * @throws {Refusal} `invalid_manifest`
 */
export function readManifest(project) {
  const text = project.read(manifestFile);
  if (text === undefined) return undefined;
  try {
    const manifest = JSON.parse(text);
    if (manifest.migrations && manifest.files && manifest.imports && manifest.sets) return manifest;
  } catch {}
  return refuse(
    'invalid_manifest',
    `${manifestFile} cannot be read.`,
    "Restore it from version control: it says which files and migrations are the engine's.",
    manifestFile,
  );
}

/** @param {Manifest} manifest */
export function writeManifest(manifest) {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
