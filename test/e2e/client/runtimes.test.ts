import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build, type Rollup } from 'vite';
import { beforeAll, expect, it } from 'vitest';
import { projectDir } from '../../../supabase/local/paths.ts';
import { platform, signUp } from '../../support/platform.ts';

// The client library in each place where applications run, as the package exports it.

const run = promisify(execFile);
const bin = (name: string) => join(projectDir, 'node_modules/.bin', name);
const app = join(projectDir, 'test/fixtures/client/app.js');

beforeAll(async () => {
  await run(bin('vite'), ['build', '--config', 'shared/client/vite.config.ts'], { cwd: projectDir });
  await run(bin('tsc'), ['--project', 'shared/client/tsconfig.json'], { cwd: projectDir });
}, 120_000);

/** Runs the application on the platform as a new user. @returns what it printed */
async function play(command: string, args: string[]) {
  const { organizationId, email, password } = await signUp();
  const { stdout } = await run(command, [...args, email, password, organizationId], {
    cwd: projectDir,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NEXT_PUBLIC_SUPABASE_URL: platform.api_url,
      NEXT_PUBLIC_SUPABASE_ANON_KEY: platform.publishable_key,
    },
  });
  return JSON.parse(stdout);
}

const played = { template: 'lead-scoring-automation', output: 'Hello Ada' };

it('needs nothing but supabase-js until something is published', () => {
  const entry = readFileSync(join(projectDir, 'dist/index.js'), 'utf8');
  const imports = [...entry.matchAll(/^(?:import|export) .*from "([^"]+)"/gm)].map(([, name]) => name);
  expect(imports.filter((name) => !name?.startsWith('./'))).toEqual(['@supabase/supabase-js']);
  for (const chunk of imports.filter((name) => name?.startsWith('./'))) {
    expect(readFileSync(join(projectDir, 'dist', chunk ?? ''), 'utf8')).not.toMatch(/^import .*from "[^.]/m);
  }
});

it('runs in Node, from the package', { timeout: 90_000 }, async () => {
  expect(await play(process.execPath, [app, 'atlvs-workflow-engine'])).toEqual(played);
});

it('runs in Deno, from its sources', { timeout: 90_000 }, async () => {
  const deno = join(createRequire(import.meta.url).resolve('deno/package.json'), '../deno');
  const permissions = ['--no-prompt', '--allow-net', '--allow-env', '--allow-read'];
  const source = pathToFileURL(join(projectDir, 'shared/client/index.ts')).href;
  expect(await play(deno, ['run', ...permissions, app, source])).toEqual(played);
});

it('is bundled for browsers without a module of Node, and loads the compiler when it is needed', {
  timeout: 90_000,
}, async () => {
  const warnings: string[] = [];
  const built = await build({
    configFile: false,
    root: projectDir,
    logLevel: 'silent',
    publicDir: false,
    define: {
      'process.env.NEXT_PUBLIC_SUPABASE_URL': JSON.stringify('https://inlined.example.com'),
      'process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY': JSON.stringify('a-key'),
    },
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: {
        input: join(projectDir, 'test/fixtures/client/browser.js'),
        onwarn: ({ message }) => void warnings.push(message),
      },
    },
  });
  const { output } = (Array.isArray(built) ? built[0] : built) as Rollup.RollupOutput;
  const chunks = output.filter((file) => file.type === 'chunk');
  const code = chunks.map((chunk) => chunk.code).join('\n');
  expect(code).not.toMatch(/(?:from|import|require)\s*\(?\s*["']node:|__vite-browser-external/);
  expect(warnings.filter((warning) => /node:|externalized/.test(warning))).toEqual([]);

  const entry = chunks.find(({ isEntry }) => isEntry);
  const atOnce = [
    entry?.code,
    ...chunks.filter(({ fileName }) => entry?.imports.includes(fileName)).map((c) => c.code),
  ].join('\n');
  expect(atOnce).toContain('https://inlined.example.com');
  expect(atOnce).not.toContain('not_an_object');
  expect(code).toContain('not_an_object');
});

it('has types for an application in TypeScript', { timeout: 90_000 }, async () => {
  const checked = run(bin('tsc'), ['--project', 'test/fixtures/client/tsconfig.json'], { cwd: projectDir });
  await expect(checked).resolves.toMatchObject({ stdout: '' });
});
