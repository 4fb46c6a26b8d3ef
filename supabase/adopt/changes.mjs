import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { migrationsFolder } from './project.mjs';
import { engineFolder } from './source.mjs';

/**
 * @typedef {object} Change what a command does to a file, or why it leaves one
 * @property {string} path from the project's root
 * @property {'create' | 'update' | 'delete' | 'keep'} action
 * @property {string} [text] of what is created or updated
 * @property {string} [note] for the reader of the plan
 */

const marks = { create: '+', update: '~', delete: '-', keep: '=' };

/** Folders of which a plan tells the number of files, not each. */
const folders = [`${engineFolder}/`, `${migrationsFolder}/`];

/**
 * The plan as its reader sees it, one line each.
 * @param {Change[]} changes
 * @returns {string[]}
 */
export function describe(changes) {
  /** @type {Map<string, Change[]>} */
  const groups = new Map();
  for (const change of changes) {
    const folder = change.note ? undefined : folders.find((start) => change.path.startsWith(start));
    const key = `${marks[change.action]} ${folder ?? change.path}`;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  const width = Math.max(...[...groups.keys()].map(({ length }) => length)) + 2;
  return [...groups].map(([key, members]) => `  ${key.padEnd(width)}${summary(members)}`.trimEnd());
}

/** @param {Change[]} members @returns {string} */
function summary([first, ...others]) {
  if (!first) return '';
  if (first.note) return first.note;
  if (others.length === 0) return '';
  const names = [first, others.at(-1)].map((change) => change?.path.split('/').at(-1));
  const range = first.path.startsWith(migrationsFolder) ? `: ${names.join(' … ')}` : '';
  return `${others.length + 1} files${range}`;
}

/** Whether there is anything to do. @param {Change[]} changes */
export const isEmptyPlan = (changes) => changes.every(({ action }) => action === 'keep');

/**
 * @param {string} dir the project's root
 * @param {Change[]} changes
 */
export function apply(dir, changes) {
  for (const { path, action, text } of changes) {
    const file = join(dir, path);
    if (action === 'delete') {
      rmSync(file, { force: true });
      removeEmptyFolders(dir, dirname(path));
    } else if (action !== 'keep') {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text ?? '');
    }
  }
}

/** @param {string} dir @param {string} folder from there */
function removeEmptyFolders(dir, folder) {
  if (!folder.startsWith(engineFolder) || readdirSync(join(dir, folder)).length > 0) return;
  rmdirSync(join(dir, folder));
  removeEmptyFolders(dir, dirname(folder));
}
