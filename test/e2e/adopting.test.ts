import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchExecution } from '../../shared/client/index.ts';
import { actionsFile, engineFolder } from '../../supabase/adopt/source.mjs';
import { pushMigrations } from '../../supabase/local/postgres/migrate.ts';
import {
  deployFunctions,
  documented,
  filesOf,
  packPackage,
  runCommand,
  shopProject,
} from '../support/adopting-project.ts';
import { catalogOf } from '../support/catalog.ts';
import { type PlatformProcess, startPlatformProcess, temporaryFolder } from '../support/platform-process.ts';
import { type TestUser, usersOf } from '../support/users.ts';

// A shop with tables, functions and a history of its own takes the engine in, uses it, and takes it out again: with the packed
// package under plain Node, the Supabase CLI, Postgres, and under Deno what the CLI has uploaded.

const company = '5d1c6f3a-8b1e-4b53-9a52-0f4f2d0f7a11';
const tables = ['organizations', 'memberships', 'leads', 'orders'];
const project = shopProject();
const dataDir = temporaryFolder();
const original = filesOf(project);

let packageDir: string;
let platform: PlatformProcess;
let sql: Sql;
let users: ReturnType<typeof usersOf>;
let staff: TestUser;
let catalog: string[];
let rows: Record<string, unknown[]>;

const command = (...args: string[]) => runCommand(packageDir, [...args, '--dir', project]);
const push = () => pushMigrations(platform.details.db_url, project);

async function startPlatform(folder: string, ...options: string[]) {
  platform = await startPlatformProcess(['--project', folder, ...options], dataDir);
  sql = postgres(platform.details.db_url, { max: 2, onnotice: () => {} });
  users = usersOf(platform.details, sql);
}

/** Stops the platform and leaves the database where it is. */
async function stopPlatform() {
  await users.disconnect();
  await sql.end({ timeout: 1 });
  platform.process.kill('SIGTERM');
  await once(platform.process, 'close');
}

/** The same user on the platform that runs now. */
async function signIn({ id, email, password }: TestUser): Promise<TestUser> {
  const client = users.anonymousClient();
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error) throw error;
  return { client, id, email, password };
}

/** Publishes over the deployed HTTP API, which knows the project's actions. */
async function publish({ client }: TestUser, definition: object): Promise<Response> {
  const { data } = await client.auth.getSession();
  return fetch(`${platform.details.api_url}/functions/v1/api/workflows`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      apikey: platform.details.publishable_key,
      authorization: `Bearer ${data.session?.access_token}`,
    },
    body: JSON.stringify({ organization_id: company, definition }),
  });
}

/** The only execution that the user sees, once it has ended. */
async function endedExecution({ client }: TestUser) {
  const { data } = await client.from('workflow_executions').select('id').single().throwOnError();
  const watch = watchExecution(client, data.id, () => {});
  const { execution } = await watch.finished;
  await watch.stop();
  return execution;
}

/** All rows of the shop's own tables. */
async function rowsOfShop() {
  const all = tables.map(async (name) => [
    name,
    await sql`select * from ${sql(`public.${name}`)} t order by t::text`,
  ]);
  return Object.fromEntries(await Promise.all(all));
}

/** What the catalog says of the shop's own tables and functions. */
const ofShop = (lines: string[]) =>
  lines.filter((line) => new RegExp(`^\\w+ (${tables.join('|')}|my_organizations|note_order)\\b`).test(line));

beforeAll(async () => {
  [packageDir] = await Promise.all([packPackage(), startPlatform(project, '--no-functions')]);
  staff = await users.signUpUser();
  await sql`insert into public.memberships values (${company}, ${staff.id}, 'staff')`;
  catalog = await catalogOf(sql);
  rows = await rowsOfShop();
  await stopPlatform();
});

afterAll(async () => {
  await users.disconnect();
  await sql.end({ timeout: 1 });
  await platform.stop();
  rmSync(join(project, '..'), { recursive: true });
  rmSync(join(packageDir, '..'), { recursive: true });
});

describe('init', () => {
  it('shows its plan and writes nothing with --dry-run', async () => {
    const plan = await command('init', '--dry-run');
    expect(plan).toContain(`+ ${engineFolder}/`);
    expect(plan).toContain('~ supabase/config.toml');
    expect(filesOf(project)).toEqual(original);
  });

  it('adds files, and changes none of the project but config.toml and deno.json, at their ends', async () => {
    await command('init', '--yes');
    const files = filesOf(project);
    const changed = Object.keys(original).filter((file) => files[file] !== original[file]);
    expect(changed).toEqual(['supabase/config.toml', 'supabase/functions/deno.json']);
    expect(files['supabase/config.toml']?.startsWith(original['supabase/config.toml'] ?? '?')).toBe(true);
    expect(files['supabase/functions/deno.json']).toContain('"postgres": "npm:postgres@3.4.5"');
    expect(Object.keys(files).some((file) => /_workflow_(tenancy|business)_/.test(file))).toBe(false);
  });

  it('has nothing to do when it runs again', async () => {
    const before = filesOf(project);
    expect(await command('init')).toContain('Nothing to do.');
    expect(filesOf(project)).toEqual(before);
  });
});

describe('the project with the engine in it', () => {
  beforeAll(async () => {
    const migration = '29991231000000_workflow_tenancy.sql';
    writeFileSync(
      join(project, 'supabase/migrations', migration),
      documented('sql', '2. Say who belongs where'),
    );
    writeFileSync(join(project, actionsFile), documented('ts', '4. Your own actions'));
    await startPlatform(await deployFunctions(project));
    staff = await signIn(staff);
  });

  it('has its tables, rows, policies and functions as they were, and triggers on the watched table', async () => {
    expect(await rowsOfShop()).toEqual(rows);
    const now = ofShop(await catalogOf(sql));
    const added = now.filter((line) => !catalog.includes(line));
    expect(now.filter((line) => catalog.includes(line))).toEqual(ofShop(catalog));
    expect(added.map((line) => /CREATE TRIGGER (\w+)/.exec(line)?.[1])).toEqual([
      'workflow_delete',
      'workflow_insert',
      'workflow_update',
    ]);
  });

  it('still serves its own function', async () => {
    expect(await (await fetch(`${platform.details.api_url}/functions/v1/hello`)).text()).toBe(
      'Hello from the shop',
    );
  });

  it('starts a workflow from a row of its own, for its own members, and runs its own action', async () => {
    const definition = JSON.parse(documented('json', '5. A workflow'));
    expect((await publish(staff, definition)).status).toBe(201);
    const order = { company_id: company, article: 'Tide tables', quantity: 3 };
    await staff.client.from('orders').insert(order).throwOnError();
    expect(await endedExecution(staff)).toMatchObject({
      organization_id: company,
      status: 'succeeded',
      error: null,
      output: { label: '3 × Tide tables' },
    });
    const stranger = await users.signUpUser();
    expect((await stranger.client.from('workflow_executions').select()).data).toEqual([]);
  });

  it('lets only those publish whose role in its own table allows it', async () => {
    const guest = await users.signUpUser();
    await sql`insert into public.memberships values (${company}, ${guest.id}, 'guest')`;
    expect((await publish(guest, JSON.parse(documented('json', '5. A workflow')))).status).toBe(403);
  });
});

describe('uninstall', () => {
  it('changes nothing in a database where something still needs the engine, and names it', async () => {
    rows = await rowsOfShop();
    await sql`create policy editors on public.leads to authenticated
      using (organization_id in (select workflow.member_organizations('editor')))`;
    const before = await catalogOf(sql);
    await command('uninstall', '--yes');
    await expect(push()).rejects.toThrow(/policy editors on table (public\.)?leads/);
    expect(await catalogOf(sql)).toEqual(before);
    await sql`drop policy editors on public.leads`;
  });

  it('leaves the database as it was before the engine, with every row of the project', async () => {
    expect(await push()).toBe(1);
    expect(await catalogOf(sql)).toEqual(catalog);
    expect(await rowsOfShop()).toEqual(rows);
  });

  it('leaves the files as they were, besides the history and what the project has written itself', () => {
    const files = Object.entries(filesOf(project)).filter(([file]) => !/_workflow_\w+\.sql$/.test(file));
    expect(Object.fromEntries(files)).toEqual({
      ...original,
      [actionsFile]: documented('ts', '4. Your own actions'),
    });
  });

  it('lets the engine come back', async () => {
    await command('init', '--yes');
    expect(await push()).toBeGreaterThan(10);
    expect((await catalogOf(sql)).filter((line) => line === 'schema workflow')).toHaveLength(1);
  });
});
