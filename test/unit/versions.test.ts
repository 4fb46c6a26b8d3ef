import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

it('Deno and Node use the same exact version of every shared package', () => {
  const node = read('package.json').dependencies;
  const deno = Object.entries(read('deno.json').imports as Record<string, string>);
  expect(Object.fromEntries(deno)).toEqual(
    Object.fromEntries(Object.entries(node).map(([name, version]) => [name, `npm:${name}@${version}`])),
  );
});
