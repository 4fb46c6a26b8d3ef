import { readFileSync } from 'node:fs';
import { withoutBlock } from './config-toml.mjs';
import { isEmpty, removeImports } from './import-map.mjs';
import { manifestFile, readManifest } from './manifest.mjs';
import { nextMoment, uninstallPath } from './migrations.mjs';
import { publicNames } from './names.mjs';
import { configFile, migrationsFolder } from './project.mjs';
import { refuse } from './refusal.mjs';
import { actionsFile } from './source.mjs';
import { removeFiles } from './three-way.mjs';

/**
 * @typedef {import('./changes.mjs').Change} Change
 * @typedef {import('./project.mjs').Project} Project
 * @typedef {import('./manifest.mjs').Manifest} Manifest
 *
 * @typedef {object} UninstallOptions
 * @property {boolean} dropData also the tables of the sets tenancy and business
 * @property {boolean} notPushed no database has the migrations yet: they are deleted
 */

/**
 * The SQL that takes the engine out of a database that has the project's migrations.
 * @param {Project} project
 * @param {Pick<UninstallOptions, 'dropData'>} options
 * @returns {string}
 * @throws {Refusal} `not_installed`, `would_drop_data`
 */
export function uninstallSql(project, { dropData }) {
  const manifest = installed(project);
  const made = Object.values(manifest.migrations).map(({ file }) =>
    publicNames(project.read(`${migrationsFolder}/${file}`) ?? ''),
  );
  if (manifest.sets.length > 1 && !dropData) {
    refuse(
      'would_drop_data',
      `The engine's sets ${manifest.sets.join(', ')} are in this project: organisations, their members and all other rows of these sets would go too.`,
      'Save what you need, then say --drop-data.',
      manifestFile,
    );
  }
  /** @param {'tables' | 'functions'} kind */
  const list = (kind) => {
    const names = made.flatMap((names) => names[kind]).sort();
    return names.map((name) => `'${name}'`).join(',\n      ');
  };
  const template = readFileSync(new URL('./uninstall.sql', import.meta.url), 'utf8');
  return template.replace(':tables', list('tables')).replace(':functions', list('functions'));
}

/** @param {Project} project @returns {Manifest} */
function installed(project) {
  return (
    readManifest(project) ??
    refuse('not_installed', `There is no ${manifestFile}.`, 'Run this where `init` has run.', manifestFile)
  );
}

/**
 * @param {Project} project
 * @param {UninstallOptions} options
 * @param {number} now in ms
 * @returns {Change[]}
 * @throws {Refusal} `not_installed`, `would_drop_data`
 */
export function planUninstall(project, options, now) {
  const manifest = installed(project);
  return [
    ...planDatabase(project, manifest, options, now),
    ...removeFiles(project.read, Object.keys(manifest.files), manifest.files),
    ...removeFiles(project.read, [actionsFile], { [actionsFile]: manifest.actions }),
    ...planConfig(project),
    ...planImports(project, manifest),
    { path: manifestFile, action: 'delete' },
  ];
}

/**
 * @param {Project} project
 * @param {Manifest} manifest
 * @param {UninstallOptions} options
 * @param {number} now
 * @returns {Change[]}
 */
function planDatabase(project, { migrations }, options, now) {
  if (!options.notPushed) {
    const path = uninstallPath(nextMoment(project.migrations, now));
    return [
      {
        path,
        action: 'create',
        text: uninstallSql(project, options),
        note: 'drops the engine from the database',
      },
    ];
  }
  const copies = Object.values(migrations).map(({ file, sha256 }) => [`${migrationsFolder}/${file}`, sha256]);
  return removeFiles(
    project.read,
    copies.map(([path = '']) => path),
    Object.fromEntries(copies),
  );
}

/** @param {Project} project @returns {Change[]} */
function planConfig(project) {
  const config = project.read(configFile) ?? '';
  const text = withoutBlock(config);
  return text === config
    ? []
    : [{ path: configFile, action: 'update', text, note: "without the engine's functions" }];
}

/** @param {Project} project @param {Manifest} manifest @returns {Change[]} */
function planImports(project, { imports }) {
  const { file: path, created } = imports;
  const current = project.read(path);
  if (current === undefined) return [];
  const text = removeImports(current, imports);
  if (created && isEmpty(text, path)) return [{ path, action: 'delete' }];
  return text === current ? [] : [{ path, action: 'update', text, note: "without the engine's imports" }];
}
