import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));
const files = ['definition', 'expression'].flatMap((folder) =>
  readdirSync(join(shared, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(shared, folder, name)),
);
const allowed: Record<string, string[]> = {
  definition: ['definition', 'expression', 'zod'],
  expression: ['expression', '@marcbachmann/cel-js', 'liquidjs'],
};

describe.each(files.map((file) => [relative(shared, file), file]))('%s', (name, file) => {
  const source = readFileSync(file, 'utf8');

  it('imports nothing it must not know', () => {
    const imported = [...source.matchAll(/from '([^']+)'/g)].map(([, target = '']) =>
      target.startsWith('.') ? relative(shared, join(dirname(file), target)).split('/')[0] : target,
    );
    const [folder = ''] = name.split('/');
    expect(imported.filter((target) => !allowed[folder]?.includes(target ?? ''))).toEqual([]);
  });

  it('compiles no code at run time', () => {
    expect(source).not.toMatch(/\beval\(|\bnew Function\b|\bFunction\(|import\(/);
  });
});
