import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** What each layer may import besides itself. */
const allowed: Record<string, string[]> = {
  'shared/expression': [],
  'shared/definition': ['shared/expression'],
  'shared/actions': ['shared/expression', 'shared/definition', 'shared/notifications', 'shared/errors.ts'],
  'shared/http': ['shared/environment.ts', 'shared/errors.ts'],
  'shared/integrations': ['shared/environment.ts', 'shared/errors.ts'],
  'shared/notifications': [
    'templates/notifications',
    'shared/expression',
    'shared/integrations',
    'shared/errors.ts',
    'shared/redact.ts',
  ],
  'shared/steps': [
    'shared/actions',
    'shared/definition',
    'shared/expression',
    'shared/http',
    'shared/notifications',
    'shared/errors.ts',
    'shared/redact.ts',
  ],
  'shared/client': [
    'shared/actions',
    'shared/definition',
    'shared/notifications',
    'templates',
    'shared/errors.ts',
  ],
  'shared/database': [],
  'shared/serve': ['shared/http/ip.ts'],
  'functions/api': ['functions/actions.ts', 'shared/actions', 'shared/definition', 'shared/serve'],
  'functions/webhook': [
    'shared/database',
    'shared/definition',
    'shared/expression',
    'shared/http/ip.ts',
    'shared/serve',
    'shared/errors.ts',
  ],
  'functions/worker': [
    'functions/actions.ts',
    'shared/actions',
    'shared/database',
    'shared/definition',
    'shared/notifications',
    'shared/steps',
    'shared/errors.ts',
  ],
  'functions/approvals': ['shared/database', 'shared/serve'],
  'functions/events': ['shared/database', 'shared/serve', 'shared/environment.ts'],
  'supabase/local': [],
  templates: [],
};

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));

it.each(Object.entries(allowed))('%s imports only what lies below it', (layer, below) => {
  const strays = sources(layer).flatMap((file) => {
    const imports = [...readFileSync(file, 'utf8').matchAll(/(?:from|import)[\s(]*'(\.[^']+)'/g)];
    return imports
      .map(([, path]) => relative('.', join(dirname(file), path ?? '')))
      .filter(
        (target) => ![layer, ...below].some((folder) => target === folder || target.startsWith(`${folder}/`)),
      )
      .map((target) => `${file} → ${target}`);
  });
  expect(strays).toEqual([]);
});
