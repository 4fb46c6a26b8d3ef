import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const tests = readdirSync('test', { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => join(entry.parentPath, entry.name));

/** The rows of the table of guarantees: what is promised, and the tests that show it. */
const rows = (readFileSync('ARCHITECTURE.md', 'utf8').split('## Guarantees')[1]?.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, promise = '', , shown = '']) => ({ promise, shown: shown.split('; `') }));

it('there are promises', () => {
  expect(rows.length).toBeGreaterThan(5);
});

it.each(rows)('$promise: every test that is to show it exists', ({ shown }) => {
  for (const reference of shown) {
    const [, file, title = ''] = /^`?([\w.-]+)`: (.+)$/.exec(reference) ?? [];
    const sources = tests.filter((path) => basename(path) === file).map((path) => readFileSync(path, 'utf8'));
    expect(
      sources.some((source) => title && source.includes(`'${title}'`)),
      reference,
    ).toBe(true);
  }
});
