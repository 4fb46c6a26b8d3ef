import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../supabase/local/functions/config.ts';
import { projectDir } from '../../supabase/local/paths.ts';
import { runCommand } from '../support/command.ts';
import { checkOut } from '../support/docs/checkout.ts';
import { runPage } from '../support/docs/run-page.ts';
import { useHostedProject } from '../support/hosted-project.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

// The Supabase CLI itself, on an empty database and a management API of this machine.

const hosted = await useHostedProject();
const { management, apiUrl, sql } = hosted;
const project = checkOut();
afterAll(project.remove);
const deno = join(projectDir, 'node_modules/.bin/deno');
const migrations = readdirSync(join(projectDir, 'supabase/migrations')).sort();

const supabase = (folder: string, ...options: string[]) =>
  runCommand([join(projectDir, 'node_modules/.bin/supabase'), ...options], folder, management.environment);
const [first, second] = hosted.emptyDbUrls;
const push = (folder: string, url: string) => supabase(folder, 'db', 'push', `--remote=${url}`);
const applied = ({ printed }: { printed: string }) =>
  [...printed.matchAll(/Applying migration (\S+\.sql)/g)].map(([, name]) => name);

it('`supabase db push` migrates an empty database, and then has nothing to do', {
  timeout: 90_000,
}, async () => {
  const pushed = await push(project.folder, first);
  expect(pushed.code, pushed.printed).toBe(0);
  expect(applied(pushed)).toEqual(migrations);
  const again = await push(project.folder, first);
  expect(again.code).toBe(0);
  expect(applied(again)).toEqual([]);
});

it('`supabase db push` brings a database from the previous migration to this one', {
  timeout: 90_000,
}, async () => {
  const older = checkOut();
  const last = migrations.at(-1) ?? '';
  rmSync(join(older.folder, 'supabase/migrations', last));
  expect(applied(await push(older.folder, second))).toEqual(migrations.slice(0, -1));
  older.remove();
  expect(applied(await push(project.folder, second))).toEqual([last]);
});

const deploy = (...options: string[]) =>
  runCommand([process.execPath, '--import', 'tsx', 'supabase/deploy/deploy.ts', ...options], project.folder, {
    ...management.environment,
    SUPABASE_DB_URL: hosted.dbUrl,
  });
const toProject = ['--project-ref', management.ref];

it('`npm run deploy` changes nothing in a project whose Vault entries are missing, and says what to type', {
  timeout: 60_000,
}, async () => {
  const { code, printed } = await deploy(...toProject);
  expect(code).toBe(1);
  expect(printed).toMatch(
    /✘ error +vault +project_url is missing; secret_key is missing\n +→ .*vault\.create_secret/,
  );
  expect(printed).toMatch(/✔ ok +login/);
  expect(printed).toContain('Nothing has been changed.');
  expect(management.functions.size).toBe(0);
  expect(await sql`select to_regnamespace('workflow') as engine`).toEqual([{ engine: null }]);
});

it('every block of docs/deploying.md runs as it stands there, on an empty project', {
  timeout: 120_000,
}, async () => {
  await runPage('docs/deploying.md', {
    folder: project.folder,
    dbUrl: hosted.dbUrl,
    environment: { ...process.env, ...management.environment, npm_config_loglevel: 'silent' },
    values: {
      ref: management.ref,
      supabaseDbUrl: hosted.dbUrl,
      projectUrl: apiUrl,
      publishableKey: hosted.publishableKey,
      email: 'ada@example.com',
      password: 'a-long-password',
    },
    literals: { 'https://<ref>.supabase.co': apiUrl, 'sb_secret_…': hosted.secretKey },
    onSkip: (line) => process.stdout.write(`not run: ${line}\n`),
  });
  expect([...management.secrets.keys()]).toEqual(['SENDGRID_API_KEY', 'SENDGRID_FROM_EMAIL']);
});

it('`supabase functions deploy` uploads every function, which run a workflow then', {
  timeout: 60_000,
}, async () => {
  const { functions } = readConfig(projectDir);
  expect(answers.map(([name]) => name)).toEqual(functions.map(({ name }) => name).sort());
  expect([...management.functions.keys()].sort()).toEqual(functions.map(({ name }) => name).sort());
  for (const { name, verifyJwt } of functions) {
    const uploaded = management.functions.get(name);
    expect(uploaded).toMatchObject({ verify_jwt: verifyJwt, entrypoint_path: `functions/${name}/index.ts` });
    expect(existsSync(join(management.bundles, name, 'deno.json'))).toBe(true);
  }

  const { client, organizationId } = await hosted.signUp();
  const steps = [
    {
      id: 'lead',
      type: 'action',
      action: 'createEntity',
      params: { entity: 'leads', values: { email: 'ada@example.com' } },
    },
    {
      id: 'tell',
      type: 'notification',
      channel: 'log',
      to: 'ada',
      body: 'Hello {{ steps.lead.output | json }}',
    },
  ];
  const workflowId = await publishSteps(client, organizationId, steps);
  const { execution } = await finishedExecution(client, await startExecution(client, workflowId));
  expect(execution).toMatchObject({ status: 'succeeded', error: null });
});

it('every module that an uploaded function names, also by a dynamic import, has been uploaded', {
  timeout: 60_000,
}, async () => {
  const missing = [...management.functions].map(async ([name, { entrypoint_path }]) => {
    const bundle = join(management.bundles, name);
    const inspect = ['info', '--json', '--config', 'deno.json', entrypoint_path];
    const { printed } = await runCommand([deno, ...inspect], bundle, { DENO_NO_UPDATE_CHECK: '1' });
    const { modules } = JSON.parse(printed) as { modules: { specifier: string; error?: string }[] };
    expect(modules.length).toBeGreaterThan(1);
    return modules.filter(({ error }) => error);
  });
  expect((await Promise.all(missing)).flat()).toEqual([]);
});

const answers: [name: string, path: string, status: number][] = [
  ['api', 'api/openapi.json', 200],
  ['approvals', 'approvals/none', 404],
  ['events', 'events/none', 404],
  ['webhook', 'webhook/none', 405],
  ['worker', 'worker', 401],
];
it.each(answers)('the uploaded function %s answers', async (_, path, status) => {
  const response = await fetch(`${apiUrl}/functions/v1/${path}`);
  expect(await response.text()).not.toContain('BOOT_ERROR');
  expect(response.status).toBe(status);
});

it('`npm run deploy` pushes both, runs a workflow and leaves nothing of it behind', {
  timeout: 90_000,
}, async () => {
  management.functions.clear();
  const before = await sql`select count(*)::int from public.workflows`;
  const { code, printed } = await deploy(...toProject);
  expect(code, printed).toBe(0);
  expect(printed).toMatch(/✔ ok +smoke +a workflow ran in \d+ ms/);
  expect([...management.functions.keys()]).toContain('worker');
  expect(await sql`select count(*)::int from public.workflows`).toEqual(before);
});

it('`npm run deploy` names the secrets that a published workflow needs', { timeout: 60_000 }, async () => {
  const { client, organizationId } = await hosted.signUp();
  const tell = { id: 'tell', type: 'notification', channel: 'slack', to: '#sales', body: 'Hello' };
  const workflowId = await publishSteps(client, organizationId, [tell]);
  const { code, printed } = await deploy(...toProject, '--dry-run');
  expect(code).toBe(1);
  expect(printed).toMatch(
    /✘ error +secrets +missing: SLACK_BOT_TOKEN \(slack\)\n +→ npx supabase secrets set/,
  );
  await sql`update public.workflows set status = 'archived' where id = ${workflowId}`;
});

it('`npm run deploy --dry-run` shows what it would do and does none of it', { timeout: 60_000 }, async () => {
  management.functions.clear();
  const { code, printed } = await deploy(...toProject, '--dry-run');
  expect(code, printed).toBe(0);
  expect(printed).toContain('Would deploy: worker, ');
  expect(management.functions.size).toBe(0);
});

it('`npm run deploy` ends with 1 and the reason when the worker refuses the key', {
  timeout: 60_000,
}, async () => {
  const [entry] = await sql`select id from vault.secrets where name = 'secret_key'`;
  await sql`select vault.update_secret(${entry?.id}, 'sb_secret_wrong')`;
  const { code, printed } = await deploy(...toProject, '--skip-database', '--skip-functions');
  expect(code).toBe(1);
  expect(printed).toMatch(/✘ error +smoke +the workflow is still running; wake-ups: .*401\n +→ .*secret_key/);
  await sql`select vault.update_secret(${entry?.id}, ${hosted.secretKey})`;
});

describe.concurrent('`npm run deploy`', () => {
  it.each([
    [['--project-ref', 'nonsense'], 'twenty letters'],
    [[...toProject, '--db-url', 'nonsense'], '--db-url'],
    [[...toProject, '--nonsense'], '--nonsense'],
    [['--project-ref', 'z'.repeat(20)], 'There is no such project for this account'],
    [[...toProject, '--db-url', 'postgresql://postgres@127.0.0.1:9/postgres'], 'Is --db-url the address'],
  ])('ends with 1 and a sentence for %j', { timeout: 60_000 }, async (options, sentence) => {
    const { code, printed } = await deploy(...options);
    expect(printed).toContain(sentence);
    expect(printed).not.toContain('    at ');
    expect(code).toBe(1);
  });

  it('explains itself', async () => {
    expect(await deploy('--help')).toMatchObject({ code: 0, printed: expect.stringContaining('--dry-run') });
  });
});
