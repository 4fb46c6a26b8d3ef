import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { encryptionOf, type Finding, hasError, tableOf } from './findings.ts';
import { messageOf } from './local/errors.ts';
import { databasePassword } from './local/keys.ts';
import { defaultDataDir } from './local/paths.ts';
import { readState } from './local/state.ts';

const help = `Says whether the engine works in a project, and what to do where it does not.

  npm run doctor -- [options]

  --db-url <url>     the project's database as role postgres (default: SUPABASE_DB_URL, else the local platform)
  --data-dir <path>  the local platform's folder (default: .local)
  --json             print the findings as JSON
  --help             this text

Ends with 1 when something does not work, or when the database cannot be asked.
`;

function databaseUrl(given: string | undefined, dataDir: string): string {
  const url = given ?? process.env.SUPABASE_DB_URL;
  if (url) return url;
  const port = readState(dataDir)?.database_port ?? 54322;
  return `postgresql://postgres:${databasePassword}@127.0.0.1:${port}/postgres`;
}

async function examine(url: string): Promise<Finding[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 15, onnotice: () => {}, ...encryptionOf(url) });
  try {
    return await sql<Finding[]>`select * from workflow.health()`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Why the database could not be asked, and what to do. */
function explain(error: unknown, url: string): string {
  const { code } = error as { code?: string };
  if (code === '3F000' || code === '42883')
    return 'This database has no engine, or an older one: run `npx supabase db push --remote=<its address>`.';
  if (code === '42501')
    return 'Only role postgres and the service role may ask: use the address of postgres.';
  const { host } = new URL(url);
  return `The database at ${host} does not answer (${messageOf(error) || code}): is it running, and is --db-url right?`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'db-url': { type: 'string' },
      'data-dir': { type: 'string', default: defaultDataDir },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const url = databaseUrl(values['db-url'], values['data-dir']);
  if (!URL.canParse(url)) throw new Error(`"${url}" is no address of a database: write postgresql://….`);
  const findings = await examine(url).catch((error) => {
    throw new Error(explain(error, url));
  });
  process.stdout.write(`${values.json ? JSON.stringify(findings, null, 2) : tableOf(findings)}\n`);
  return hasError(findings) ? 1 : 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
