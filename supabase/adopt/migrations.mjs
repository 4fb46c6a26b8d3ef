import { hashOf } from './files.mjs';
import { manifestFile } from './manifest.mjs';
import { migrationsFolder } from './project.mjs';
import { refuse } from './refusal.mjs';

/**
 * Copies of migrations. One that has been copied is never written again: the project's database may have applied it.
 *
 * @typedef {import('./source.mjs').SourceMigration} SourceMigration
 * @typedef {import('./manifest.mjs').WrittenMigration} WrittenMigration
 */

const copyName = /^(\d{14})_workflow_((?:engine|tenancy|business)_\w+)\.sql$/;
const uninstallId = 'engine_uninstall';

/** @param {number} time in ms */
const versionOf = (time) => new Date(time).toISOString().replaceAll(/\D/g, '').slice(0, 14);

/**
 * The moment from which new migrations are dated, a second apart, in ms. The last is dated now, so that the project's next one
 * comes after it; but none before the project's last one, or `db push` would refuse it.
 * @param {string[]} files
 * @param {number} now in ms
 * @param {number} [count] how many there are
 */
export function nextMoment(files, now, count = 1) {
  const moments = files.flatMap((file) => {
    const [, year, month, day, hour, minute, second] =
      /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)_/.exec(file)?.map(Number) ?? [];
    return year === undefined ? [] : [Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second) + 1_000];
  });
  return Math.max(now - (count - 1) * 1_000, ...moments);
}

/** @param {string} id @param {number} moment in ms */
export function migrationPath(id, moment) {
  return `${migrationsFolder}/${versionOf(moment)}_workflow_${id}.sql`;
}

/** @param {number} moment in ms */
export const uninstallPath = (moment) => migrationPath(uninstallId, moment);

/**
 * The copies since the last uninstall: file by id.
 * @param {string[]} files
 */
export function findCopies(files) {
  /** @type {Map<string, string>} */
  const copies = new Map();
  for (const file of files.toSorted()) {
    const id = copyName.exec(file)?.[2];
    if (id === uninstallId) copies.clear();
    else if (id) copies.set(id, file);
  }
  return copies;
}

/** Whether it is the project's own. @param {string} file */
export const isOwn = (file) => !copyName.test(file);

/**
 * What the project has: as the manifest says, or where there is none (an `init` that was interrupted) copies that are like
 * their sources.
 * @param {SourceMigration[]} source
 * @param {import('./project.mjs').Project} project
 * @param {import('./manifest.mjs').Manifest | undefined} manifest
 * @returns {Record<string, WrittenMigration>}
 * @throws {Refusal} `manifest_missing`
 */
export function copiedMigrations(source, project, manifest) {
  if (manifest) return manifest.migrations;
  const copies = [...findCopies(project.migrations)].map(([id, file]) => {
    const text = source.find((migration) => migration.id === id)?.text;
    if (text === undefined || hashOf(text) !== hashOf(project.read(`${migrationsFolder}/${file}`) ?? '')) {
      refuse(
        'manifest_missing',
        `${file} is the engine's, of another release, but there is no ${manifestFile}.`,
        `Restore ${manifestFile} from version control.`,
        manifestFile,
      );
    }
    return [id, { file, sha256: hashOf(text) }];
  });
  return Object.fromEntries(copies);
}

/**
 * Those to be copied now.
 * @param {SourceMigration[]} source of the chosen sets
 * @param {Record<string, WrittenMigration>} copied
 * @param {string} version the package's
 * @returns {SourceMigration[]}
 * @throws {Refusal} `migrations_changed`
 */
export function newMigrations(source, copied, version) {
  const hashes = new Map(source.map(({ id, text }) => [id, hashOf(text)]));
  const changed = Object.keys(copied).filter((id) => hashes.get(id) !== copied[id]?.sha256);
  if (changed.length > 0) {
    refuse(
      'migrations_changed',
      `Release ${version} has changed migrations that this project already has: ${changed.join(', ')}.`,
      'A migration is never rewritten once it is copied. Until 1.0 such a release is reached by `uninstall`, `db push` and `init`, which drops the workflows and their history; or stay with the release you have.',
      migrationsFolder,
    );
  }
  return source.filter(({ id }) => !copied[id]);
}
