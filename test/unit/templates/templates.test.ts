import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { actionCatalog } from '../../../shared/actions/registry.ts';
import { compile } from '../../../shared/definition/index.ts';
import { getTemplate, getTemplates } from '../../../templates/index.ts';
import { templateSchema } from '../../../templates/manifest.ts';

const folder = new URL('../../../templates/workflows/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.json'),
);

describe('the templates', () => {
  it('are the files of the folder, each under its id and category', () => {
    const listed = getTemplates().map(({ manifest }) => `${manifest.category}/${manifest.id}.json`);
    expect(listed.sort()).toEqual(files.sort());
  });

  it('are found by id, and an unknown id says which there are', () => {
    expect(getTemplate('lead-scoring-automation').manifest.name).toBe('Lead scoring automation');
    expect(() => getTemplate('nope')).toThrow('lead-scoring-automation');
  });
});

describe.each(getTemplates().map((template) => [template.manifest.id, template] as const))(
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
