import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

const folder = 'test/fuzz';

it('the interpreter shares nothing with the engine but the evaluation of expressions', () => {
  const inside = readdirSync(join(folder, 'interpret'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, 'interpret', name));
  const files = [
    ...inside,
    ...['interpret.ts', 'script.ts', 'definition.ts', 'features.ts'].map((name) => join(folder, name)),
  ];
  const imports = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)].map(([, path = '']) =>
      path.startsWith('.') ? relative('.', join(dirname(file), path)) : path,
    ),
  );
  const outside = new Set(imports.filter((path) => !files.includes(path)));
  expect([...outside].sort()).toEqual(['shared/errors.ts', 'shared/expression/index.ts']);
});
