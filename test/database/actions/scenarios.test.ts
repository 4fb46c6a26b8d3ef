import { describe, it } from 'vitest';
import { getTemplates, loadTemplate } from '../../../templates/index.ts';
import { play } from './scenario-player.ts';

const templates = await Promise.all(
  getTemplates().map(async ({ id }) => [id, await loadTemplate(id)] as const),
);

describe.each(templates.flatMap(([id, template]) => (template ? [[id, template] as const] : [])))(
  '%s',
  (_, template) => {
    it.each(template.scenarios.map((scenario) => [scenario.name, scenario] as const))(
      '%s',
      (_name, scenario) => play(template, scenario),
    );
  },
);
