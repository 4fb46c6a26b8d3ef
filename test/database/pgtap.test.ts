import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresError, Sql } from 'postgres';
import { describe, test } from 'vitest';
import { projectDir } from '../../supabase/local/paths.ts';
import { cloneDatabase, connect } from '../support/platform.ts';
import { type Assertion, parseTap } from '../support/tap.ts';

// Runs every pgTAP file, as `supabase test db` does: as role postgres, in a transaction that is rolled back.

const folder = join(projectDir, 'supabase', 'tests', 'database');
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.test.sql')) : [];
const sql = connect(await cloneDatabase());

async function run(file: string): Promise<Assertion[]> {
  const script = readFileSync(join(folder, file), 'utf8');
  const session = await sql.reserve();
  try {
    await session`begin`;
    return parseTap(await runScript(session, script));
  } catch (error) {
    const { message, position, where, hint } = error as PostgresError;
    const line = position ? ` (line ${script.slice(0, Number(position)).split('\n').length})` : '';
    const diagnostics = [`${message}${line}`, hint, where].filter(Boolean).join('\n');
    return [{ name: 'runs to its end', ok: false, skip: false, diagnostics }];
  } finally {
    await session`rollback`;
    await session`reset all`;
    session.release();
  }
}

/** Everything the script's statements return, one line a row. */
async function runScript(session: Sql, script: string): Promise<string> {
  const results = await session.unsafe(script).simple();
  const tables = Array.isArray(results[0]) ? (results as unknown as Record<string, unknown>[][]) : [results];
  const values = tables.flatMap((rows) => [...rows].map((row) => Object.values(row)[0]));
  return `${values.filter((value) => typeof value === 'string').join('\n')}\n`;
}

await sql`create extension if not exists pgtap with schema extensions`;
const assertions = new Map<string, Assertion[]>();
for (const file of files) assertions.set(file, await run(file));

for (const [file, list] of assertions) {
  describe(file, () => {
    for (const { name, ok, skip, diagnostics } of list) {
      test(name, (context) => {
        if (skip) context.skip();
        if (!ok) throw new Error(diagnostics);
      });
    }
  });
}
if (files.length === 0) test('there are no pgTAP files', () => {});
