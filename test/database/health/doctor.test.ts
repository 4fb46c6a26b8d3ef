import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectDir } from '../../../supabase/local/paths.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const { sql, url } = await useEngineDatabase();

/** Runs `npm run doctor`. @param environment in place of options */
function doctor(options: string[], environment: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', join(projectDir, 'supabase', 'doctor.ts'), ...options],
      { cwd: projectDir, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '', ...environment } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

describe.concurrent('npm run doctor', () => {
  it('shows every check with its hint, and ends with 1 when something does not work', async () => {
    const { code, stdout } = await doctor(['--db-url', url]);
    expect(stdout).toMatch(
      /^✘ error +vault_entries +project_url is missing; secret_key is missing\n +→ select vault/m,
    );
    expect(stdout).toMatch(/^✔ ok +lost_leases +0 steps/m);
    expect(code).toBe(1);
  });

  it('takes the database from SUPABASE_DB_URL, and prints JSON', async () => {
    const { code, stdout } = await doctor(['--json'], { SUPABASE_DB_URL: url });
    const findings: { check: string; status: string }[] = JSON.parse(stdout);
    expect(findings.filter(({ status }) => status === 'error').map(({ check }) => check)).toEqual([
      'vault_entries',
      'sweep_runs',
    ]);
    expect(code).toBe(1);
  });

  it('says so where there is no engine', async () => {
    const { code, stderr } = await doctor(['--db-url', url.replace(/[^/]+$/, 'template1')]);
    expect(stderr).toContain('npx supabase db push');
    expect(code).toBe(1);
  });

  it.each([
    [['--db-url', 'postgresql://postgres@127.0.0.1:9/postgres'], 'does not answer'],
    [['--db-url', 'nonsense'], 'is no address of a database'],
  ])('%j ends with 1 and a sentence', async (options, sentence) => {
    const { code, stderr } = await doctor(options as string[]);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(1);
  });

  it('explains itself', async () => {
    expect(await doctor(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--db-url') });
  });
});

it('npm run doctor ends with 0 when nothing is in error', async () => {
  await sql`
    create or replace function workflow.health() returns setof workflow.finding language sql as $$
      select workflow.finding('clock', 'warn', 'is off', 'Look.') $$`;
  expect(await doctor(['--db-url', url])).toMatchObject({
    code: 0,
    stdout: '! warn   clock  is off\n                → Look.\n',
  });
});
