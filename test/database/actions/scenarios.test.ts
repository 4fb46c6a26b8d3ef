import { describe, it } from 'vitest';
import { getTemplates } from '../../../templates/index.ts';
import { play } from './scenario-player.ts';

describe.each(getTemplates().map((template) => [template.manifest.id, template] as const))(
  '%s',
  (_, template) => {
    it.each(template.scenarios.map((scenario) => [scenario.name, scenario] as const))(
      '%s',
      (_name, scenario) => play(template, scenario),
    );
  },
);
