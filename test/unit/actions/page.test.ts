import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { actionCatalog, BUILT_IN } from '../../../shared/actions/registry.ts';
import { compile } from '../../../shared/definition/index.ts';
import { actionsPage } from './page.ts';

describe('docs/actions.md', () => {
  it('is what the schemas say; `npm run docs:actions` writes it anew', () => {
    expect(readFileSync('docs/actions.md', 'utf8')).toBe(actionsPage());
  });

  it.each(BUILT_IN.map((action) => [action.name, action] as const))(
    'has an example of %s that can be published',
    (name, { example }) => {
      expect(example).toBeDefined();
      const definition = {
        name: 'Example',
        trigger: { type: 'event', table: 'leads', events: ['insert'] },
        steps: [{ id: name, type: 'action', action: name, params: example }],
      };
      expect(compile(definition, { actions: actionCatalog })).toMatchObject({ ok: true });
    },
  );

  it('names only errors that docs/errors.md explains', () => {
    const explained = readFileSync('docs/errors.md', 'utf8');
    for (const { name, errors } of BUILT_IN)
      for (const code of errors ?? []) expect(explained, `${name}: ${code}`).toContain(`\`${code}\``);
  });
});
