#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { apply, describe, isEmptyPlan } from './changes.mjs';
import { afterInit, afterUninstall, help } from './help.mjs';
import { planInit } from './init.mjs';
import { readProject } from './project.mjs';
import { Refusal, refuse } from './refusal.mjs';
import { readSource } from './source.mjs';
import { planUninstall, uninstallSql } from './uninstall.mjs';

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

function readArguments() {
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string', default: '.' },
      yes: { ...flag, short: 'y' },
      'dry-run': flag,
      tenancy: flag,
      business: flag,
      force: flag,
      print: flag,
      'drop-data': flag,
      'not-pushed': flag,
      help: { ...flag, short: 'h' },
    },
  });
  return { ...values, command: positionals.join(' ') };
}

/** @param {ReturnType<typeof readArguments>} options */
async function run(options) {
  const { command } = options;
  if (options.help || command === '') return say(help);
  if (command !== 'init' && command !== 'uninstall') {
    refuse(
      'unknown_command',
      `There is no command "${command}".`,
      'The commands are init and uninstall; --help says more.',
    );
  }
  const source = readSource();
  const project = readProject(options.dir);
  const uninstalling = { dropData: options['drop-data'], notPushed: options['not-pushed'] };
  if (command === 'uninstall' && options.print) return say(uninstallSql(project, uninstalling).trimEnd());
  const changes =
    command === 'init'
      ? planInit(source, project, options, Date.now())
      : planUninstall(project, uninstalling, Date.now());

  say(`${source.name} ${source.version}, ${command} in ${project.dir}\n`);
  if (changes.length > 0) say(`${describe(changes).join('\n')}\n`);
  if (isEmptyPlan(changes)) return say('Nothing to do.');
  if (options['dry-run'] || !(options.yes || (await isWanted()))) return say('Nothing was written.');
  apply(project.dir, changes);
  say(command === 'init' ? afterInit : afterUninstall(source.functions.map(({ name }) => name)));
}

async function isWanted() {
  if (!process.stdin.isTTY) {
    refuse(
      'not_confirmed',
      'Nobody is there to confirm this plan.',
      'Add --yes to write it, --dry-run to only see it.',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Write this? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

try {
  await run(readArguments());
} catch (error) {
  const { message, code, hint } = /** @type {Partial<Refusal> & Error} */ (error);
  if (!(error instanceof Refusal) && !String(code).startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`${message}\n${hint ?? '--help lists the options.'}${hint ? ` (${code})` : ''}\n`);
  process.exitCode = 1;
}
