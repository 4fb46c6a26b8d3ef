import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { projectDir } from '../../supabase/local/paths.ts';

const run = promisify(execFile);

/** The code blocks of a page, in order, by their language. */
export function codeBlocks(page: string, language: string): string[] {
  const text = readFileSync(join(projectDir, 'docs', page), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, code = '']) =>
    found === language ? [code] : [],
  );
}

/**
 * Runs blocks of TypeScript, one after the other in one module, as a reader would.
 *
 * @param before code that gives them what the page takes for granted
 * @param after code that prints JSON of what came of it
 */
export async function runTypeScript(blocks: string[], before: string, after: string): Promise<unknown> {
  // Where packages are found, as by a file of the reader's project.
  const folder = join(projectDir, 'node_modules/.cache');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `page-${randomUUID()}.mts`);
  const imports: string[] = [];
  const body = [before, ...blocks, after].join('\n').replace(/^import .*$/gm, (line) => {
    imports.push(line.replace(/'\.\//, `'${pathToFileURL(projectDir).href}/`));
    return '';
  });
  writeFileSync(file, [...new Set(imports), body].join('\n'));
  try {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: projectDir });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null');
  } finally {
    rmSync(file);
  }
}

/** Runs blocks of shell in one shell that ends at the first error. @returns what they print, JSON by JSON */
export async function runShell(blocks: string[], env: Record<string, string>): Promise<unknown[]> {
  const script = ['set -euo pipefail', ...blocks].join('\n');
  const { stdout } = await run('bash', ['-c', script], { env: { ...process.env, ...env } });
  const documents = stdout.replace(/\}\{/g, '}\n{').split('\n');
  return documents.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}
