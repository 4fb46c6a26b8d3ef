import { entries } from './index.generated.ts';
import type { Manifest, Template } from './manifest.ts';

const byId = new Map(entries.map((entry) => [entry.manifest.id, entry]));
const manifests: readonly Manifest[] = entries.map(({ manifest }) => manifest);

/** What each workflow template tells of itself, by category and id. Their definitions are not loaded. */
export function getTemplates(): readonly Manifest[] {
  return manifests;
}

/**
 * Loads a template with its definition and scenarios.
 *
 * @param id as in its manifest
 * @returns undefined when there is no such template
 */
export async function loadTemplate(id: string): Promise<Template | undefined> {
  const loaded = await byId.get(id)?.load();
  // The type of a JSON file is what happens to stand in it; the tests hold every file to the schema.
  return loaded?.default as Template | undefined;
}

export type { Manifest, Template } from './manifest.ts';
export type { Scenario } from './scenario.ts';
