import { hashOf } from './files.mjs';
import { refuse } from './refusal.mjs';

/** @typedef {import('./changes.mjs').Change} Change */

const kept = 'changed by you, left as it is';

/**
 * What becomes of the files that this release brings. What the project has changed since it was written is never overwritten
 * in silence: it stays while the release brings nothing new for it, and else stops the command unless forced.
 * @param {(file: string) => string | undefined} read
 * @param {Map<string, string>} next text by path
 * @param {Record<string, string>} written hash by path, of the run before
 * @param {boolean} force
 * @returns {Change[]}
 * @throws {Refusal} `changed_files`
 */
export function planFiles(read, next, written, force) {
  const changes = [...next].flatMap(([path, text]) => planFile(path, read(path), text, written[path], force));
  const conflicts = changes.filter(({ action, text }) => action === 'keep' && text !== undefined);
  if (conflicts.length > 0) {
    refuse(
      'changed_files',
      `This release would overwrite what was changed here: ${conflicts.map(({ path }) => path).join(', ')}.`,
      'Move your changes elsewhere (actions of your own go into workflow-actions.ts), or overwrite them with --force.',
      conflicts[0]?.path,
    );
  }
  const gone = Object.keys(written).filter((path) => !next.has(path));
  return [...changes, ...removeFiles(read, gone, written)];
}

/**
 * @param {string} path
 * @param {string | undefined} current
 * @param {string} text
 * @param {string | undefined} written
 * @param {boolean} force
 * @returns {Change[]} a kept file with a text is one that only force may overwrite
 */
function planFile(path, current, text, written, force) {
  if (current === undefined) return [{ path, action: 'create', text }];
  const hash = hashOf(current);
  if (hash === hashOf(text)) return [];
  if (hash === written) return [{ path, action: 'update', text }];
  if (force) return [{ path, action: 'update', text, note: 'overwrites your changes' }];
  if (written === hashOf(text)) return [{ path, action: 'keep', note: kept }];
  return [{ path, action: 'keep', text }];
}

/**
 * Deletes files that are still as they were written.
 * @param {(file: string) => string | undefined} read
 * @param {string[]} paths
 * @param {Record<string, string>} written hash by path
 * @returns {Change[]}
 */
export function removeFiles(read, paths, written) {
  return paths
    .filter((path) => read(path) !== undefined)
    .map((path) =>
      hashOf(read(path) ?? '') === written[path]
        ? { path, action: 'delete' }
        : { path, action: 'keep', note: kept },
    );
}
