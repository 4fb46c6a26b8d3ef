import { join, resolve } from 'node:path';
import { format, parseArgs } from 'node:util';
import { messageOf, PlatformError } from './errors.ts';
import { logTo } from './log.ts';
import { defaultDataDir } from './paths.ts';
import type { Platform, PlatformOptions } from './platform.ts';
import { ancestors, commandOf, isAlive } from './processes.ts';

const help = `Starts the platform: Postgres, Data API, Auth, Realtime and Edge Functions, without Docker.

  npm start -- [options]

  --api-port <port>   the API's port (default: config.toml's 54321, or a free one where it is taken)
  --db-port <port>    Postgres' port (default: config.toml's 54322, or a free one where it is taken)
  --data-dir <path>   where the database and the logs go (default: .local)
  --fresh             begin anew: throws the database in the data folder away
  --project <path>    the folder that holds supabase/ and functions/ (default: this project)
  --no-functions      leave the Edge Functions out
  --copy-as <name>    keep an untouched copy of the migrated database, for tests to clone
  --json              print one JSON line when ready
  --attached          stop when standard input closes, for programs that start this one
  --help              this text

Ctrl-C stops it.
`;

/** Milliseconds. Should a part not stop, the next start clears it away. */
const longestEnd = 30_000;

const say = (line: string) => process.stderr.write(`${line}\n`);

function readOptions() {
  const { values } = parseArgs({
    options: {
      'api-port': { type: 'string' },
      'db-port': { type: 'string' },
      'data-dir': { type: 'string' },
      fresh: { type: 'boolean', default: false },
      project: { type: 'string' },
      'no-functions': { type: 'boolean', default: false },
      'copy-as': { type: 'string' },
      attached: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const port = (name: 'api-port' | 'db-port') => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (/^\d+$/.test(text) && Number(text) < 65_536) return Number(text);
    throw new PlatformError(`--${name} ${text} is not a port: give a number up to 65535.`);
  };
  return {
    ...values,
    apiPort: port('api-port'),
    dbPort: port('db-port'),
    dataDir: resolve(values['data-dir'] ?? defaultDataDir),
  };
}

function fail(error: unknown): never {
  const { code } = error as { code?: unknown };
  if (String(code).startsWith('ERR_PARSE_ARGS')) {
    say(`${messageOf(error)}\nnpm start -- --help lists the options.`);
    process.exit(1);
  }
  say(
    error instanceof Error && !(error instanceof PlatformError)
      ? (error.stack ?? error.message)
      : messageOf(error),
  );
  process.exit(1);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(help);
    return;
  }
  const { apiPort, dbPort, dataDir, fresh, project } = options;
  let platform: Platform | undefined;
  let ending = false;
  const end = async (code: number) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(code), longestEnd).unref();
    await starting.catch(() => {});
    await platform?.stop();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: Error) => {
      if (isWriteAfterClose(error)) return;
      say(`A part of the platform failed, ${dataDir}/logs may tell more: ${error?.stack ?? error}`);
      void end(1);
    });
  }
  endWithNpm(() => void end(0));
  if (options.attached) process.stdin.resume().once('close', () => void end(0));
  const { 'no-functions': withoutFunctions, 'copy-as': copyAs } = options;
  redirectConsole(dataDir);
  const starting = startPlatform({
    apiPort,
    dbPort,
    dataDir,
    fresh,
    project,
    withoutFunctions,
    copyAs,
    say,
    onFailure: fail,
  });
  platform = await starting;
  if (ending) return;
  announce(platform, options.json);
}

/** A signal to `npm start` ends npm and its shell and does not reach us: we look whether npm is still there. */
function endWithNpm(end: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const npm = ancestors().find((pid) => /(^|[\s/])npm(-cli\.js)?(\s|$)/.test(commandOf(pid)));
  if (npm) setInterval(() => isAlive(npm) || end(), 250).unref();
}

/**
 * When Postgres ends in the middle of a transaction, postgres.js writes the rollback to a connection that is gone, in a later
 * tick where nobody can catch it. What used the connection has had its error already.
 */
function isWriteAfterClose(error: Error): boolean {
  return error instanceof TypeError && /nextWrite .*postgres/.test(error.stack ?? '');
}

/** Libraries print what they answer with an error, too: that belongs into a log. */
function redirectConsole(dataDir: string): void {
  const log = logTo(join(dataDir, 'logs'), 'console');
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    console[method] = (...values: unknown[]) => log(format(...values));
  }
}

/** The platform's modules take a while to load: not before the options are known to be right. */
async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const platform = await import('./platform.ts');
  return platform.startPlatform(options);
}

function announce(platform: Platform, json: boolean): void {
  const { apiUrl, dbUrl, publishableKey, secretKey, demo, dataDir } = platform;
  if (json) {
    const line = { api_url: apiUrl, db_url: dbUrl, publishable_key: publishableKey, secret_key: secretKey };
    process.stdout.write(`${JSON.stringify({ ...line, web_url: null, demo })}\n`);
    return;
  }
  say(`
API          ${apiUrl}
Database     ${dbUrl}
Publishable  ${publishableKey}
Secret       ${secretKey}
Demo user    ${demo.email} / ${demo.password}
Data, logs   ${dataDir}

Ctrl-C stops it.`);
}

main().catch(fail);
