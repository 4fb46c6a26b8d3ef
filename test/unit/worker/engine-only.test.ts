import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (folder: string, extension: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .map((name) => ({ name, text: readFileSync(`${folder}/${name}`, 'utf8') }));

it('the worker changes nothing itself: it claims, reports and asks through functions of the engine', () => {
  const files = read('functions/worker', '.ts');
  const statements = files.flatMap(({ text }) =>
    [...text.matchAll(/`\s*((?:select|insert|update|delete|with|merge)\b[^`]*)`/gi)].map(
      ([, sql = '']) => sql,
    ),
  );
  expect(statements.length).toBeGreaterThan(10);
  const others = statements.filter((sql) => !/^select workflow\./.test(sql));
  expect(others).toEqual([
    expect.stringMatching(/^select definition, plan, run_as from public\.workflow_versions/),
  ]);
});

it('statuses change in the migrations of the state machine, and nowhere else', () => {
  const changes = /update\s+public\.workflow_execution(s|_steps)\b[^;]*?\bset\b[^;]*?\bstatus\s*=/;
  const files = read('supabase/migrations', '.sql').filter(({ text }) => changes.test(text));
  expect(files.length).toBeGreaterThan(3);
  expect(files.map(({ name }) => name).filter((name) => !/^20261101000(4\d\d)_engine_/.test(name))).toEqual(
    [],
  );
});
