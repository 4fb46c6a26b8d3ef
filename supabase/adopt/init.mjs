import { posix } from 'node:path';
import { checkNames, configBlock, findBlock, refuseName, withBlock } from './config-toml.mjs';
import { hashOf } from './files.mjs';
import { addImports } from './import-map.mjs';
import { manifestFile, readManifest, writeManifest } from './manifest.mjs';
import { copiedMigrations, migrationPath, newMigrations, nextMoment } from './migrations.mjs';
import { checkTables } from './names.mjs';
import { configFile } from './project.mjs';
import { actionsFile, engineFolder } from './source.mjs';
import { planFiles } from './three-way.mjs';

/**
 * @typedef {import('./changes.mjs').Change} Change
 * @typedef {import('./source.mjs').Source} Source
 * @typedef {import('./project.mjs').Project} Project
 * @typedef {import('./manifest.mjs').Manifest} Manifest
 *
 * @typedef {object} InitOptions
 * @property {boolean} tenancy
 * @property {boolean} business
 * @property {boolean} force
 */

/**
 * What it takes to bring a project to this release: the first time, and at every later one.
 * @param {Source} source
 * @param {Project} project
 * @param {InitOptions} options
 * @param {number} now in ms
 * @returns {Change[]} in the order in which they are made: the manifest last
 * @throws {Refusal}
 */
export function planInit(source, project, options, now) {
  const before = readManifest(project);
  /** @type {Manifest} */
  const manifest = {
    version: source.version,
    sets: chooseSets(before, options),
    migrations: {},
    files: Object.fromEntries([...source.files].map(([path, text]) => [path, hashOf(text)])),
    actions: before?.actions ?? hashOf(source.actions),
    imports: { file: project.importMap, created: false, imports: {}, scoped: {} },
  };
  const changes = [
    ...planMigrations(source, project, before, manifest, now),
    ...planFiles(project.read, source.files, before?.files ?? {}, options.force),
    ...planActions(source, project),
    ...planConfig(source, project),
    ...planImports(source, project, before, manifest),
  ];
  const text = writeManifest(manifest);
  if (text === project.read(manifestFile)) return changes;
  const note = 'remembers what was written here; commit it';
  return [...changes, { path: manifestFile, action: before ? 'update' : 'create', text, note }];
}

/** @param {Manifest | undefined} before @param {InitOptions} options @returns {Manifest['sets']} */
function chooseSets(before, { tenancy, business }) {
  /** @type {Set<Manifest['sets'][number]>} */
  const sets = new Set(before?.sets ?? ['engine']);
  if (tenancy || business) sets.add('tenancy');
  if (business) sets.add('business');
  return [...sets];
}

/**
 * @param {Source} source
 * @param {Project} project
 * @param {Manifest | undefined} before
 * @param {Manifest} manifest is told the copies
 * @param {number} now
 * @returns {Change[]}
 */
function planMigrations(source, project, before, manifest, now) {
  const wanted = source.migrations.filter(({ set }) => manifest.sets.includes(set));
  const copied = copiedMigrations(source.migrations, project, before);
  const added = newMigrations(wanted, copied, source.version);
  checkTables(added, project);
  const first = nextMoment(project.migrations, now, added.length);
  const changes = added.map(({ id, text }, index) => {
    const path = migrationPath(id, first + index * 1_000);
    copied[id] = { file: posix.basename(path), sha256: hashOf(text) };
    return { path, action: /** @type {const} */ ('create'), text };
  });
  manifest.migrations = copied;
  return changes;
}

/** The project's own from the moment it is there. @param {Source} source @param {Project} project @returns {Change[]} */
function planActions(source, project) {
  if (project.read(actionsFile) !== undefined) return [];
  return [{ path: actionsFile, action: 'create', text: source.actions, note: 'for your own actions' }];
}

/** @param {Source} source @param {Project} project @returns {Change[]} */
function planConfig({ functions }, project) {
  const config = project.read(configFile) ?? '';
  const names = functions.map(({ name }) => name);
  checkNames(config, names);
  for (const name of names) {
    const entrypoint = `supabase/functions/${name}/index.ts`;
    if (project.read(entrypoint) !== undefined) refuseName(name, entrypoint);
  }
  const fromSupabase = posix.relative('supabase', project.importMap);
  const importMap = fromSupabase.startsWith('.') ? fromSupabase : `./${fromSupabase}`;
  const block = configBlock(functions, `./${posix.relative('supabase', engineFolder)}`, importMap);
  if (findBlock(config)?.replaceAll('\r\n', '\n') === block) return [];
  const note = names.map((name) => `[functions.${name}]`).join(', ');
  return [{ path: configFile, action: 'update', text: withBlock(config, block), note }];
}

/**
 * @param {Source} source
 * @param {Project} project
 * @param {Manifest | undefined} before
 * @param {Manifest} manifest is told what is the engine's
 * @returns {Change[]}
 */
function planImports(source, project, before, manifest) {
  const { importMap: path } = project;
  const current = project.read(path);
  const earlier = before?.imports.file === path ? before.imports : undefined;
  const { text, written } = addImports(current, path, source.imports, earlier);
  manifest.imports = written;
  if (text === current) return [];
  const scoped = Object.keys(written.scoped);
  const note = [
    `${Object.keys(written.imports).length} imports`,
    ...(scoped.length
      ? [`${scoped.join(', ')} stay yours: the engine's files get theirs through "scopes"`]
      : []),
  ].join('; ');
  return [{ path, action: project.hasImportMap ? 'update' : 'create', text, note }];
}
