import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { actionCatalog } from '../../../shared/actions/registry.ts';
import { compile } from '../../../shared/definition/index.ts';
import { generateIndex } from '../../../templates/generate-index.ts';
import { getTemplates, loadTemplate } from '../../../templates/index.ts';
import { templateSchema } from '../../../templates/manifest.ts';

const folder = new URL('../../../templates/workflows/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.json'),
);

const templates = await Promise.all(
  getTemplates().map(async ({ id }) => [id, await loadTemplate(id)] as const),
);

describe('the templates', () => {
  it('are the files of the folder, each under its id and category', () => {
    const listed = getTemplates().map(({ category, id }) => `${category}/${id}.json`);
    expect(listed.sort()).toEqual(files.sort());
  });

  it('are in the index as their files are; npm run gen:templates writes it', () => {
    const index = new URL('../../../templates/index.generated.ts', import.meta.url);
    expect(readFileSync(index, 'utf8')).toBe(generateIndex());
  });

  it('are loaded by id', async () => {
    const template = await loadTemplate('lead-scoring-automation');
    expect(template?.manifest).toEqual(getTemplates().find(({ id }) => id === 'lead-scoring-automation'));
    expect(await loadTemplate('nope')).toBeUndefined();
  });
});

describe.each(templates.flatMap(([id, template]) => (template ? [[id, template] as const] : [])))(
  '%s',
  (_, template) => {
    it('has the shape of a template', () => {
      expect(templateSchema.safeParse(template).error?.issues).toBeUndefined();
    });

    it('compiles', () => {
      const compiled = compile(template.definition, { actions: actionCatalog });
      expect(compiled.ok ? [] : compiled.errors).toEqual([]);
    });

    it('declares each variable with the default its definition has', () => {
      const { properties } = template.manifest.variables;
      const defaults = Object.fromEntries(
        Object.entries(properties).map(([name, schema]) => [name, schema.default]),
      );
      expect(defaults).toEqual(template.definition.variables ?? {});
    });

    it('has a scenario in which it must not act, or must take the other way', () => {
      expect(template.scenarios.some(({ negative }) => negative)).toBe(true);
    });

    it('names only its own steps in scenarios', () => {
      const text = JSON.stringify(template.definition);
      for (const { expect: expected } of template.scenarios)
        for (const id of [...Object.keys(expected.steps ?? {}), ...Object.keys(expected.outputs ?? {})])
          expect(text, id).toContain(`"id":"${id}"`);
    });
  },
);
