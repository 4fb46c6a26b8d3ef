import { isOwn } from './migrations.mjs';
import { migrationsFolder } from './project.mjs';
import { refuse } from './refusal.mjs';

/** What a migration makes in schema public. @param {string} text */
export function publicNames(text) {
  /** @param {string} kind */
  const all = (kind) =>
    [...text.matchAll(new RegExp(`^create ${kind} public\\.(\\w+)`, 'gm'))].map(([, name = '']) => name);
  return { tables: all('table'), functions: all('function') };
}

/**
 * The tables of schema public that the project's own migrations make and neither drop nor rename, with the file that makes each.
 * @param {import('./project.mjs').Project} project
 */
function ownTables(project) {
  const table = String.raw`(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?(?:"?public"?\s*\.\s*)?"?(\w+)"?(?!\s*\.)`;
  const change = new RegExp(
    String.raw`\b(?:(create)\s+(?:unlogged\s+)?table\s+${table}|drop\s+table\s+${table}|alter\s+table\s+${table}\s+rename\s+to)`,
    'gi',
  );
  /** @type {Map<string, string>} */
  const tables = new Map();
  for (const file of project.migrations.filter(isOwn)) {
    const text = project.read(`${migrationsFolder}/${file}`) ?? '';
    for (const [, create, created = '', dropped = '', renamed = ''] of text.matchAll(change)) {
      if (create) tables.set(created, file);
      else tables.delete(dropped || renamed);
    }
  }
  return tables;
}

/**
 * `db push` would stop half-way at a table that is there already.
 * @param {import('./source.mjs').SourceMigration[]} migrations to be copied
 * @param {import('./project.mjs').Project} project
 * @throws {Refusal} `table_name_taken`
 */
export function checkTables(migrations, project) {
  const own = ownTables(project);
  for (const { set, text } of migrations) {
    const taken = publicNames(text).tables.find((name) => own.has(name));
    if (!taken) continue;
    refuse(
      'table_name_taken',
      `The project has a table public.${taken} (${own.get(taken)}); the migrations of the set "${set}" make one of that name.`,
      set === 'engine'
        ? `Rename yours in a migration: alter table public.${taken} rename to …;`
        : `Leave --${set} out: the engine works with tables of your own.`,
      `${migrationsFolder}/${own.get(taken)}`,
    );
  }
}
