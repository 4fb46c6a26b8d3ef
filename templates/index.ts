import type { Template } from './manifest.ts';
import leadScoringAutomation from './workflows/sales/lead-scoring-automation.json' with { type: 'json' };

/** The type of a JSON file is what happens to stand in it; the tests hold every file to the schema. */
const templates = [leadScoringAutomation] as unknown as readonly Template[];

const byId = new Map(templates.map((template) => [template.manifest.id, template]));

/** All workflow templates. */
export function getTemplates(): readonly Template[] {
  return templates;
}

/** @throws Error when there is no such template, naming those that exist */
export function getTemplate(id: string): Template {
  const template = byId.get(id);
  if (template) return template;
  throw new Error(`There is no template "${id}". There are: ${[...byId.keys()].join(', ')}.`);
}

export type { Manifest, Template } from './manifest.ts';
export type { Scenario } from './scenario.ts';
