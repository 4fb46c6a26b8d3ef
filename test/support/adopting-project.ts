import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectDir } from '../../supabase/local/paths.ts';
import { type DeployedFunction, startManagementApi } from './management-api.ts';
import { temporaryFolder } from './platform-process.ts';

// Somebody's repository that adopts the engine, and what its owner types.

const run = promisify(execFile);

/** A copy of the fixture: a shop with a history, tables and functions of its own. */
export function shopProject(): string {
  const folder = join(temporaryFolder(), 'shop');
  cpSync(join(projectDir, 'test/fixtures/adopting'), folder, { recursive: true });
  return folder;
}

/** Packs this package as `npm publish` would and unpacks it. @returns its folder */
export async function packPackage(): Promise<string> {
  const folder = temporaryFolder();
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: projectDir,
    maxBuffer: 16 * 1024 * 1024,
  });
  const [{ filename }] = JSON.parse(stdout);
  await run('tar', ['-xzf', filename], { cwd: folder });
  return join(folder, 'package');
}

/** Runs the package's command with plain Node. @returns what it printed; its exit code other than 0 rejects */
export async function runCommand(packageDir: string, args: string[]): Promise<string> {
  const { bin } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
  const command = join(packageDir, bin['atlvs-workflow-engine']);
  return (await run(process.execPath, [command, ...args])).stdout;
}

/** The text of every file of a project by its path, apart from what the CLI keeps for itself. */
export function filesOf(project: string): Record<string, string> {
  const files = readdirSync(project, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/.temp/'));
  return Object.fromEntries(
    files.sort().map((file) => [file.slice(project.length + 1), readFileSync(file, 'utf8')]),
  );
}

/** The first block of code of a language below a heading of docs/adopting.md. */
export function documented(language: string, heading: string): string {
  const page = readFileSync(join(projectDir, 'docs/adopting.md'), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  const code = section?.split(`\n\`\`\`${language}\n`)[1]?.split('```\n')[0];
  if (!code) throw new Error(`docs/adopting.md has no ${language} below "${heading}".`);
  return code;
}

/**
 * Deploys the project's functions with the Supabase CLI, to a management API on this machine.
 * @returns a project that has nothing but what was uploaded, and the migrations
 */
export async function deployFunctions(project: string): Promise<string> {
  const deployment = temporaryFolder();
  const api = await startManagementApi(deployment, () => {});
  const command = join(projectDir, 'node_modules/.bin/supabase');
  try {
    await run(command, ['functions', 'deploy', '--use-api', `--remote=${api.ref}`, '--yes'], {
      cwd: project,
      env: { ...process.env, ...api.environment, CI: '1' },
    });
  } finally {
    await api.stop();
  }
  mkdirSync(join(deployment, 'supabase'));
  writeFileSync(join(deployment, 'supabase/config.toml'), configOf([...api.functions]));
  symlinkSync(join(project, 'supabase/migrations'), join(deployment, 'supabase/migrations'), 'junction');
  return deployment;
}

/** @param functions by slug, each in a folder of that name */
function configOf(functions: [string, DeployedFunction][]): string {
  const tables = functions.map(
    ([slug, { verify_jwt, entrypoint_path, import_map_path }]) => `[functions.${slug}]
verify_jwt = ${verify_jwt}
entrypoint = "../bundles/${slug}/${entrypoint_path}"
import_map = "../bundles/${slug}/${import_map_path}"
`,
  );
  return `project_id = "deployed"\n\n${tables.join('\n')}`;
}
