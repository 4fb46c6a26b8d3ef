import { expect, it } from 'vitest';
import { getValue, parseJsonc, removeValue, setValue } from '../../../supabase/adopt/jsonc.mjs';
import { refusalOf } from './support.ts';

const file = 'deno.json';

it('a value is added at the end of its object, and comments, order and indentation stay', () => {
  const text = `{
\t// What we use.
\t"imports": {
\t\t"a": "npm:a@1" // the old one
\t},
\t"tasks": { "go": "deno run" },
}
`;
  expect(setValue(text, ['imports', 'b'], 'npm:b@2', file)).toBe(`{
\t// What we use.
\t"imports": {
\t\t"a": "npm:a@1", // the old one
\t\t"b": "npm:b@2"
\t},
\t"tasks": { "go": "deno run" },
}
`);
});

it('objects on the way are made', () => {
  expect(setValue('{}', ['scopes', './x/', 'a'], 'npm:a@1', file)).toBe(`{
  "scopes": {
    "./x/": {
      "a": "npm:a@1"
    }
  }
}`);
});

it('a value is replaced where it stands', () => {
  const text = '{ "imports": { "a": /* why */ "npm:a@1", "b": "npm:b@1" } }';
  const replaced = '{ "imports": { "a": /* why */ "npm:a@2", "b": "npm:b@1" } }';
  expect(setValue(text, ['imports', 'a'], 'npm:a@2', file)).toBe(replaced);
});

it.each([
  '{\n  "imports": {\n    "a": "npm:a@1"\n  }\n}\n',
  '{\n  "imports": {\n    "a": "npm:a@1" // one, two\n  }\n}\n',
  '{\n    "tasks": { "go": "x, y" },\n    "imports": {\n        "a": "npm:a@1", "c": "npm:c@1"\n    }\n}\n',
  '{\n  "lock": false\n}\n',
  '{ "lock": false\n}',
])('what was added can be taken away without a trace: %j', (text) => {
  const added = [
    ['imports', 'x'],
    ['imports', 'y'],
    ['scopes', './z/', 'x'],
  ];
  const edited = added.reduce((rest, keys) => setValue(rest, keys, 'npm:x@1', file), text);
  for (const keys of added) expect(getValue(edited, keys, file)).toBe('npm:x@1');
  expect(added.reduceRight((rest, keys) => removeValue(rest, keys, file), edited)).toBe(text);
});

it('a text that is no JSON is refused', () => {
  for (const text of ['{ "a": }', '{ "a" 1 }', '{ a: 1 }', '["x"', '{} {}', '']) {
    expect(refusalOf(() => parseJsonc(text, file))).toBe('invalid_json');
  }
  expect(() => parseJsonc('{\n  "a": 1\n  "b": 2\n}', file)).toThrow('line 3');
});
