import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const files = (folder: string, extension: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => join(entry.parentPath, entry.name));

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);

/** Quoted words, as codes are. */
const quoted = (text: string) => matches(text, /'([a-z]+(?:_[a-z]+)*)'/g);

/** Where sources name the codes of their errors, apart from reading those of others. */
function codesInTypeScript(source: string): string[] {
  return [
    // `code: 'timeout'`, `code: lost ? 'a' : 'b'`, `code: own ?? 'c'`
    ...matches(source, /\bcode: ([^,\n]*'[a-z_]+'[^,\n]*)/g)
      .filter((value) => !/^'invalid_union'/.test(value))
      .flatMap(quoted),
    // `problems.error('code', …)`, `refuse('code', …)`, `problem(401, 'code', …)`, `check(schema, value, 'code')`
    ...matches(source, /\b(?:error|warn|refuse|limit|[pP]roblem)\(\s*(?:\d+,\s+)?'([a-z]+(?:_[a-z]+)*)'/g),
    // `parseWith(schema, value, 'code')`, `return ['code', at, …]`
    ...matches(source, /\bcheck\([^;]*?, '([a-z]+_[a-z_]+)'\)/g),
    ...matches(source, /\bparseWith\([^;]*?, '([a-z_]+)'/g),
    ...matches(source, /return \[\s*'([a-z]+_[a-z_]+)',\s*at,/g),
  ];
}

function codesInSql(source: string): string[] {
  return [
    ...matches(source, /\brefuse\(\s*'([a-z_]+)'/g),
    ...matches(source, /\brefuse\(case ([^,]*?) end,/g).flatMap(quoted),
    ...matches(source, /'code', '([a-z_]+)'/g),
    ...matches(source, /"code": "([a-z_]+)"/g),
    ...matches(source, /\bdetail = '([a-z_]+)'/g),
  ];
}

const sources = [
  ...['shared', 'functions'].flatMap((folder) => files(folder, '.ts')),
  ...files('supabase/adopt', '.mjs'),
];
const used = new Set([
  ...sources.flatMap((file) => codesInTypeScript(readFileSync(file, 'utf8'))),
  ...files('supabase/migrations', '.sql').flatMap((file) => codesInSql(readFileSync(file, 'utf8'))),
]);

/** The first column of every table, and the words in backticks of the paragraph of warnings. */
const documentation = readFileSync('docs/errors.md', 'utf8');
const listed = new Set(
  matches(documentation, /^(\|[^|]*|Warnings, .*|`secret_.*)/gm).flatMap((cell) =>
    matches(cell, /`([a-z]+(?:_[a-z]+)*)`/g),
  ),
);

it('docs/errors.md lists every error code there is', () => {
  expect(used.size).toBeGreaterThan(100);
  expect([...used].filter((code) => !listed.has(code)).sort()).toEqual([]);
});

it('docs/errors.md lists no code that nobody uses', () => {
  expect([...listed].filter((code) => !used.has(code)).sort()).toEqual([]);
});
