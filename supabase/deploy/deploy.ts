import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { encryptionOf, type Finding, hasError, tableOf } from '../findings.ts';
import { messageOf } from '../local/errors.ts';
import { projectDir } from '../local/paths.ts';
import { runCli } from './cli.ts';
import { checkExtensions, checkVault, usedChannels } from './database-checks.ts';
import { checkConfig, checkLogin, checkSecrets } from './project-checks.ts';

const help = `Deploys to a hosted project: checks first, then "supabase db push" and "supabase functions deploy", then runs a workflow.

  npm run deploy -- --project-ref <ref> [options]

  --project-ref <ref>  the project: twenty letters, as in its dashboard's address
  --db-url <url>       its database as role postgres (default: SUPABASE_DB_URL); "Connect" in the dashboard shows it
  --dry-run            check, say what would be done, change nothing
  --skip-database      leave the migrations as they are
  --skip-functions     leave the functions as they are
  --skip-smoke         do not run a workflow at the end
  --help               this text

Ends with 1 at the first thing that does not work. docs/deploying.md has the same steps by hand.
`;

interface Options {
  ref: string;
  dbUrl: string;
  dryRun: boolean;
  withDatabase: boolean;
  withFunctions: boolean;
  withSmoke: boolean;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

/** @returns undefined when help was asked for @throws with what to write instead */
function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      'project-ref': { type: 'string' },
      'db-url': { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      'skip-database': { type: 'boolean', default: false },
      'skip-functions': { type: 'boolean', default: false },
      'skip-smoke': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const ref = values['project-ref'] ?? '';
  if (!/^[a-z]{20}$/.test(ref))
    throw new Error(
      "--project-ref takes the project's reference: twenty letters, as in its dashboard's address.",
    );
  const dbUrl = values['db-url'] ?? process.env.SUPABASE_DB_URL ?? '';
  if (!/^postgres(ql)?:\/\//.test(dbUrl) || !URL.canParse(dbUrl))
    throw new Error(
      '--db-url (or SUPABASE_DB_URL) takes the database\'s address: postgresql://…, see "Connect" in the dashboard.',
    );
  return {
    ref,
    dbUrl,
    dryRun: values['dry-run'],
    withDatabase: !values['skip-database'],
    withFunctions: !values['skip-functions'],
    withSmoke: !values['skip-smoke'],
  };
}

/** What has to be right before anything is changed. */
async function checksBefore(sql: Sql, { ref, dbUrl }: Options): Promise<Finding[]> {
  const { secrets, ...login } = await checkLogin(ref);
  const { functions: _, ...config } = checkConfig(projectDir);
  const findings = [config, login];
  try {
    findings.push(await checkExtensions(sql), await checkVault(sql, ref));
    if (login.status === 'ok') findings.push(checkSecrets(ref, await usedChannels(sql), secrets));
  } catch (error) {
    const value = `${new URL(dbUrl).host}: ${messageOf(error) || (error as { code?: string }).code}`;
    const hint =
      'Is --db-url the address of role postgres, with its password? Settings → Database resets one.';
    findings.push({ check: 'database', status: 'error', value, hint });
  }
  return findings;
}

/** Shows findings. @throws when one is an error */
function report(findings: Finding[], otherwise: string): void {
  say(tableOf(findings));
  if (hasError(findings)) throw new Error(`\n${otherwise}`);
}

async function run(what: string, options: string[]): Promise<void> {
  say(`\nsupabase ${what}`);
  const { ok } = await runCli(options, true);
  if (!ok)
    throw new Error(
      `\n"supabase ${what}" failed; what it says stands above. Running npm run deploy again is safe.`,
    );
}

async function deploy(sql: Sql, options: Options): Promise<void> {
  const { ref, dbUrl, dryRun, withDatabase, withFunctions, withSmoke } = options;
  report(await checksBefore(sql, options), 'Nothing has been changed.');
  const push = ['db', 'push', `--remote=${dbUrl}`, '--yes'];
  if (withDatabase) await run('db push', dryRun ? [...push, '--dry-run'] : push);
  if (dryRun) {
    const { functions } = checkConfig(projectDir);
    say(`\nWould deploy: ${withFunctions ? functions.join(', ') : 'no function'}. Nothing has been changed.`);
    return;
  }
  if (withFunctions)
    await run('functions deploy', ['functions', 'deploy', '--use-api', `--remote=${ref}`, '--yes']);
  say('');
  if (withSmoke) {
    // The compiler takes a moment to load.
    const { checkByRunning } = await import('./smoke.ts');
    report([await checkByRunning(sql)], 'It is deployed, and does not work yet.');
  }
  const health = await sql<Finding[]>`select * from workflow.health() where status <> 'ok'`;
  if (health.length > 0) say(tableOf(health));
  say('Deployed. npm run doctor -- --db-url … shows how it fares.');
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    say(help.trimEnd());
    return;
  }
  const { dbUrl } = options;
  const sql = postgres(dbUrl, { max: 1, connect_timeout: 15, onnotice: () => {}, ...encryptionOf(dbUrl) });
  try {
    await deploy(sql, options);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

main().catch((error) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
