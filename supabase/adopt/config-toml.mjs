import { refuse } from './refusal.mjs';

/**
 * The engine's functions stand in the project's config.toml between two marker comments; the rest of the file is never
 * touched, nor read by anything but a search for functions of the same name.
 */
const opening =
  '# >>> atlvs-workflow-engine: its functions. `init` writes what is between these two lines anew.';
const closing = '# <<< atlvs-workflow-engine';
const markedBlock = /\n?^# >>> atlvs-workflow-engine[\s\S]*?^# <<< atlvs-workflow-engine\n?/m;

/**
 * @param {import('./source.mjs').FunctionTable[]} functions as this package's own config.toml has them
 * @param {string} engineFolder as seen from `supabase/`
 * @param {string} importMap as seen from `supabase/`
 * @returns {string}
 */
export function configBlock(functions, engineFolder, importMap) {
  const tables = functions.map(({ text }) =>
    text
      .replace(/^entrypoint = "\.\.\/(.*)"$/m, `entrypoint = "${engineFolder}/$1"`)
      .replace(/^import_map = .*$/m, `import_map = "${importMap}"`),
  );
  return `${opening}\n${tables.join('\n\n')}\n${closing}\n`;
}

/**
 * The block as it stands in a config.toml; undefined where there is none.
 * @param {string} config
 */
export function findBlock(config) {
  return markedBlock.exec(config)?.[0].replace(/^\n/, '');
}

/**
 * @param {string} config
 * @param {string} block
 */
export function withBlock(config, block) {
  if (findBlock(config) !== undefined) return config.replace(markedBlock, () => `\n${block}`);
  return `${config}${config === '' || config.endsWith('\n') ? '' : '\n'}\n${block}`;
}

/** @param {string} config */
export function withoutBlock(config) {
  return config.replace(markedBlock, '');
}

/**
 * @param {string} config
 * @param {string[]} names of the engine's functions
 * @throws {Refusal} `function_name_taken` where the project has a function of such a name
 */
export function checkNames(config, names) {
  const own = withoutBlock(config);
  for (const name of names) {
    const key = `["']?${name}["']?`;
    const header = new RegExp(
      `^[ \\t]*(\\[[ \\t]*functions[ \\t]*\\.[ \\t]*${key}[ \\t]*[\\].]|functions\\.${key}\\b)`,
      'm',
    );
    if (header.test(own)) refuseName(name, 'supabase/config.toml');
  }
}

/**
 * @param {string} name
 * @param {string} where
 * @returns {never}
 */
export function refuseName(name, where) {
  return refuse(
    'function_name_taken',
    `The project has a function "${name}" of its own (${where}); the engine has one of that name.`,
    'Rename yours and deploy it under its new name; nothing has been written.',
    where,
  );
}
