import { posix } from 'node:path';
import { getValue, parseJsonc, removeValue, setValue } from './jsonc.mjs';
import { engineFolder } from './source.mjs';

/**
 * The engine's imports in the file that holds the project's. A name that the project has given another meaning keeps it; the
 * engine's own files then see theirs through a scope.
 *
 * @typedef {object} WrittenImports what of a file is the engine's
 * @property {string} file
 * @property {boolean} created
 * @property {Record<string, string>} imports
 * @property {Record<string, string>} scoped
 */

/** @param {string} file the import map @returns {string} */
const scopeOf = (file) => `./${posix.relative(posix.dirname(file), engineFolder)}/`;

/**
 * @param {string | undefined} text of the file, undefined where there is none yet
 * @param {string} file
 * @param {Record<string, string>} imports
 * @param {WrittenImports} [written] by an earlier run
 * @returns {{ text: string, written: WrittenImports }}
 * @throws {Refusal} `invalid_json`
 */
export function addImports(text, file, imports, written) {
  /** @type {WrittenImports} */
  const result = { file, created: written?.created ?? text === undefined, imports: {}, scoped: {} };
  let edited = text ?? '{}\n';
  for (const [name, target] of Object.entries(imports)) {
    const current = getValue(edited, ['imports', name], file);
    const isOurs = current === undefined || current === written?.imports[name];
    if (isOurs) result.imports[name] = target;
    else if (current !== target) result.scoped[name] = target;
  }
  edited = removeImports(edited, without(written, result));
  for (const [name, target] of Object.entries(result.imports))
    edited = setOnce(edited, ['imports', name], target, file);
  for (const [name, target] of Object.entries(result.scoped)) {
    edited = setOnce(edited, ['scopes', scopeOf(file), name], target, file);
  }
  return { text: edited, written: result };
}

/** @param {string} text @param {string[]} keys @param {string} value @param {string} file */
function setOnce(text, keys, value, file) {
  return getValue(text, keys, file) === value ? text : setValue(text, keys, value, file);
}

/**
 * What an earlier run wrote and this one does not write again.
 * @param {WrittenImports | undefined} written
 * @param {WrittenImports} result
 * @returns {WrittenImports | undefined}
 */
function without(written, result) {
  if (!written) return undefined;
  /** @param {'imports' | 'scoped'} part */
  const rest = (part) =>
    Object.fromEntries(Object.entries(written[part]).filter(([name]) => !(name in result[part])));
  return { ...written, imports: rest('imports'), scoped: rest('scoped') };
}

/**
 * Takes away what was written, unless the project has changed it since.
 * @param {string} text
 * @param {WrittenImports | undefined} written
 * @returns {string}
 */
export function removeImports(text, written) {
  if (!written) return text;
  const { file, imports, scoped } = written;
  const entries = [
    ...Object.entries(imports).map(([name, target]) => ({ keys: ['imports', name], target })),
    ...Object.entries(scoped).map(([name, target]) => ({ keys: ['scopes', scopeOf(file), name], target })),
  ];
  return entries
    .reverse()
    .reduce(
      (rest, { keys, target }) =>
        getValue(rest, keys, file) === target ? removeValue(rest, keys, file) : rest,
      text,
    );
}

/** Whether nothing is left in it. @param {string} text @param {string} file */
export function isEmpty(text, file) {
  return parseJsonc(text, file).members?.length === 0;
}
