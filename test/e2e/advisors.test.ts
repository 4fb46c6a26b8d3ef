import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectDir } from '../../supabase/local/paths.ts';
import { cloneDatabase, connect } from '../support/platform.ts';

const url = await cloneDatabase();
const sql = connect(url);

/** Runs the Supabase CLI's advisors on the database. @returns its exit code and what it printed */
function advise(): Promise<{ code: number; printed: string }> {
  const cli = join(projectDir, 'node_modules/.bin/supabase');
  const options = ['db', 'advisors', `--remote=${url}?sslmode=disable`, '--fail-on', 'warn'];
  return new Promise((resolve) => {
    execFile(
      cli,
      options,
      { cwd: projectDir, env: { ...process.env, DO_NOT_TRACK: '1' } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, printed: stdout + stderr });
      },
    );
  });
}

it("Supabase's advisors find nothing, and find a table without row-level security", {
  timeout: 60_000,
}, async () => {
  const sound = await advise();
  expect(sound.printed).toContain('No issues found');
  expect(sound.code).toBe(0);
  await sql`alter table public.leads disable row level security`;
  const unsafe = await advise();
  expect(unsafe.printed).toContain('leads');
  expect(unsafe.code).not.toBe(0);
});
