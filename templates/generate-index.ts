import { readdirSync, readFileSync } from 'node:fs';
import type { Template } from './manifest.ts';

const folder = new URL('./workflows/', import.meta.url);

/**
 * The text of `index.generated.ts`: what each template tells, and how to load the rest of it. The imports are
 * literal, so that bundlers and the deployment of Edge Functions find the files.
 */
export function generateIndex(): string {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map((file) => {
      const { manifest } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Template;
      const load = `() => import('./workflows/${file}', { with: { type: 'json' } })`;
      return `  {\n    manifest: ${indent(JSON.stringify(manifest, null, 2))},\n    load: ${load},\n  },\n`;
    });
  return `// Written by \`npm run gen:templates\`.\nimport type { TemplateEntry } from './manifest.ts';\n
export const entries: readonly TemplateEntry[] = [\n${entries.join('')}];\n`;
}

const indent = (text: string) => text.replaceAll('\n', '\n    ');
