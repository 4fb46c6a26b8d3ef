import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from '../../../supabase/local/paths.ts';
import { temporaryFolder } from '../platform-process.ts';

const parts = [
  'README.md',
  'docs',
  'package.json',
  'deno.json',
  'tsconfig.json',
  'supabase',
  'functions',
  'shared',
  'templates',
];

export interface Checkout {
  folder: string;
  remove(): void;
}

/**
 * A copy of the project in which a reader types commands, so that they change nothing here.
 *
 * @param dataDir of the platform that runs; `npm run demo` and the like find it as they would find one of their own
 */
export function checkOut(dataDir?: string): Checkout {
  const folder = temporaryFolder();
  for (const part of [...parts, 'test/demo']) {
    cpSync(join(projectDir, part), join(folder, part), {
      recursive: true,
      filter: (file) => !file.includes('/.temp'),
    });
  }
  symlinkSync(join(projectDir, 'node_modules'), join(folder, 'node_modules'), 'junction');
  if (dataDir) symlinkSync(dataDir, join(folder, '.local'), 'junction');
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
