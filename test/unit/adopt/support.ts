import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { apply } from '../../../supabase/adopt/changes.mjs';
import { type InitOptions, planInit } from '../../../supabase/adopt/init.mjs';
import { readProject } from '../../../supabase/adopt/project.mjs';
import type { Source } from '../../../supabase/adopt/source.mjs';
import { planUninstall, type UninstallOptions } from '../../../supabase/adopt/uninstall.mjs';

/** Noon, when the commands of these tests run. */
export const noon = Date.UTC(2026, 5, 1, 12);

/** A release of a small engine. */
export function release(changes: Partial<Source> = {}): Source {
  return {
    name: 'atlvs-workflow-engine',
    version: '1.0.0',
    migrations: [
      { id: 'engine_schema', set: 'engine', text: 'create table public.workflows ();\n' },
      { id: 'tenancy_organizations', set: 'tenancy', text: 'create table public.organizations ();\n' },
      { id: 'business_leads', set: 'business', text: 'create table public.leads ();\n' },
    ],
    files: new Map([['supabase/functions/_workflow-engine/functions/worker/index.ts', '// one\n']]),
    actions: '// yours\n',
    functions: [
      {
        name: 'worker',
        text: '[functions.worker]\nentrypoint = "../functions/worker/index.ts"\nimport_map = "../deno.json"',
      },
    ],
    imports: { zod: 'npm:zod@4.0.0' },
    ...changes,
  };
}

/** A project in a temporary folder, with a config.toml unless it is given. */
export function projectOf(files: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'atlvs-adopt-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  };
  for (const [file, text] of Object.entries({ 'supabase/config.toml': 'project_id = "shop"\n', ...files })) {
    write(file, text);
  }
  const read = (file: string) => readFileSync(join(dir, file), 'utf8');
  return {
    dir,
    read,
    write,
    has: (file: string) => existsSync(join(dir, file)),
    /** Names of the migrations. */
    migrations: () => readdirSync(join(dir, 'supabase/migrations')).sort(),
    plan: (source = release(), options: Partial<InitOptions> = {}) =>
      planInit(source, readProject(dir), { tenancy: false, business: false, force: false, ...options }, noon),
    /** Runs init and says which files it changed. */
    init(source = release(), options: Partial<InitOptions> = {}) {
      const changes = this.plan(source, options);
      apply(dir, changes);
      return changes.map(({ action, path }) => `${action} ${path}`);
    },
    uninstall(options: Partial<UninstallOptions> = {}) {
      const changes = planUninstall(
        readProject(dir),
        { dropData: false, notPushed: false, ...options },
        noon,
      );
      apply(dir, changes);
      return changes.map(({ action, path }) => `${action} ${path}`);
    },
  };
}

/** The code of the refusal that a call ends with. */
export function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, message, hint } = error as { code?: string; message: string; hint?: string };
    if (code && message && hint) return code;
    throw error;
  }
  throw new Error('It was not refused.');
}
