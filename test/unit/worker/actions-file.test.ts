import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it("the worker loads the application's actions before it serves", () => {
  const source = readFileSync('functions/worker/index.ts', 'utf8');
  expect(source).toMatch(/^import '\.\.\/actions\.ts';$/m);
});
