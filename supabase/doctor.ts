import { parseArgs, styleText } from 'node:util';
import postgres from 'postgres';
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

/** A row of workflow.health(). */
interface Finding {
  check: string;
  status: 'ok' | 'warn' | 'error';
  value: string;
  hint: string | null;
}

const marks = { ok: '✔ ok', warn: '! warn', error: '✘ error' };
const colors = { ok: 'green', warn: 'yellow', error: 'red' } as const;

/** Colours what goes to a terminal, and nothing else. */
function paint(status: Finding['status'], text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(colors[status], text) : text;
}

function databaseUrl(given: string | undefined, dataDir: string): string {
  const url = given ?? process.env.SUPABASE_DB_URL;
  if (url) return url;
  const port = readState(dataDir)?.database_port ?? 54322;
  return `postgresql://postgres:${databasePassword}@127.0.0.1:${port}/postgres`;
}

async function examine(url: string): Promise<Finding[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 15, onnotice: () => {}, ...encryption(url) });
  try {
    return await sql<Finding[]>`select * from workflow.health()`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Hosted projects take TLS only, the local one has none; an address may say itself. */
function encryption(url: string): { ssl?: 'prefer' } {
  return /[?&]ssl(mode)?=/.test(url) ? {} : { ssl: 'prefer' };
}

/** Why the database could not be asked, and what to do. */
function explain(error: unknown, url: string): string {
  const { code } = error as { code?: string };
  if (code === '3F000' || code === '42883')
    return 'This database has no engine, or an older one: run `npx supabase db push`.';
  if (code === '42501')
    return 'Only role postgres and the service role may ask: use the address of postgres.';
  const { host } = new URL(url);
  return `The database at ${host} does not answer (${messageOf(error) || code}): is it running, and is --db-url right?`;
}

function table(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length)) + 2;
  return findings
    .flatMap(({ check, status, value, hint }) => [
      `${paint(status, marks[status].padEnd(9))}${check.padEnd(width)}${value}`,
      ...(hint ? [`${' '.repeat(9 + width)}→ ${hint}`] : []),
    ])
    .join('\n');
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
  process.stdout.write(`${values.json ? JSON.stringify(findings, null, 2) : table(findings)}\n`);
  return findings.some(({ status }) => status === 'error') ? 1 : 0;
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
