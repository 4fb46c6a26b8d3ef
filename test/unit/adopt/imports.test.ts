import { describe, expect, it } from 'vitest';
import { projectOf, release } from './support.ts';

const denoJson = 'supabase/functions/deno.json';
const importsOf = (text: string) => JSON.parse(text).imports;

describe('the imports of the functions', () => {
  it('go into a file of their own where the project has none', () => {
    const project = projectOf();
    expect(project.init()).toContain(`create ${denoJson}`);
    expect(importsOf(project.read(denoJson))).toEqual({ zod: 'npm:zod@4.0.0' });
    expect(project.read('supabase/config.toml')).toContain('import_map = "./functions/deno.json"');
  });

  it('go into the configuration that the functions have already, or the import map it names', () => {
    const atRoot = projectOf({ 'deno.json': '{ "imports": { "a": "npm:a@1" } }' });
    atRoot.init();
    expect(atRoot.has(denoJson)).toBe(false);
    expect(importsOf(atRoot.read('deno.json'))).toEqual({ a: 'npm:a@1', zod: 'npm:zod@4.0.0' });
    expect(atRoot.read('supabase/config.toml')).toContain('import_map = "../deno.json"');

    const named = projectOf({
      'supabase/deno.jsonc': '{ "importMap": "./import_map.json" }',
      'supabase/import_map.json': '{}',
    });
    named.init();
    expect(importsOf(named.read('supabase/import_map.json'))).toEqual({ zod: 'npm:zod@4.0.0' });
    expect(named.read('supabase/deno.jsonc')).toBe('{ "importMap": "./import_map.json" }');
  });

  it('leave a name that the project has given another meaning, and reach the engine through a scope', () => {
    const project = projectOf({ 'deno.json': '{ "imports": { "zod": "npm:zod@3.0.0" } }' });
    project.init();
    expect(JSON.parse(project.read('deno.json'))).toEqual({
      imports: { zod: 'npm:zod@3.0.0' },
      scopes: { './supabase/functions/_workflow-engine/': { zod: 'npm:zod@4.0.0' } },
    });
    project.uninstall();
    expect(JSON.parse(project.read('deno.json'))).toEqual({ imports: { zod: 'npm:zod@3.0.0' } });
  });

  it('follow the release, unless the project has changed them since', () => {
    const project = projectOf();
    project.init(
      release({ imports: { zod: 'npm:zod@4.0.0', hono: 'npm:hono@1.0.0', old: 'npm:old@1.0.0' } }),
    );
    project.write(denoJson, project.read(denoJson).replace('hono@1.0.0', 'hono@1.5.0'));
    project.init(release({ imports: { zod: 'npm:zod@4.1.0', hono: 'npm:hono@2.0.0' } }));
    expect(JSON.parse(project.read(denoJson))).toEqual({
      imports: { zod: 'npm:zod@4.1.0', hono: 'npm:hono@1.5.0' },
      scopes: { './_workflow-engine/': { hono: 'npm:hono@2.0.0' } },
    });
  });
});
