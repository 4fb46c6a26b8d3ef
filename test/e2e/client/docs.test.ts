import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { projectDir } from '../../../supabase/local/paths.ts';
import { platform, signUp } from '../../support/platform.ts';
import { publishSteps } from '../../support/workflows.ts';

const folder = join(projectDir, 'node_modules/.cache/docs');

/** The TypeScript of a page as one program, with the sources in place of the package. */
function programOf(page: string): string {
  const text = readFileSync(join(projectDir, 'docs', page), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block);
  expect(blocks.length).toBeGreaterThan(0);
  return blocks
    .join('\n')
    .replaceAll("'atlvs-workflow-engine/actions'", `'${join(projectDir, 'shared/client/actions.ts')}'`)
    .replaceAll("'atlvs-workflow-engine'", `'${join(projectDir, 'shared/client/index.ts')}'`);
}

/** Runs a page's program. @param end what it does when it is through @returns what it printed */
async function runPage(page: string, known: Record<string, string>, end: string): Promise<string> {
  const prelude = Object.entries(known).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  const file = join(folder, page.replace('.md', '.mts'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, [...prelude, programOf(page), end].join('\n'));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], {
      cwd: projectDir,
      env: {
        ...process.env,
        NEXT_PUBLIC_SUPABASE_URL: platform.api_url,
        NEXT_PUBLIC_SUPABASE_ANON_KEY: platform.publishable_key,
      },
    });
    return stdout;
  } finally {
    rmSync(file);
  }
}

it('the program of docs/client.md runs as it stands there', { timeout: 90_000 }, async () => {
  const { email, password, organizationId, id: userId } = await signUp();
  const printed = await runPage('client.md', { email, password, organizationId, userId }, 'process.exit(0);');
  expect(printed).toContain('Hello Ada');
  expect(printed).toContain('workflow_not_found Check the id');
});

it('the program of docs/realtime.md runs as it stands there', { timeout: 90_000 }, async () => {
  const { client, email, password, organizationId } = await signUp();
  const steps = [{ id: 'one', type: 'transform', output: 1 }];
  const workflowId = await publishSteps(client, organizationId, steps);
  const [url, publishableKey] = [platform.api_url, platform.publishable_key];
  const known = { url, publishableKey, email, password, organizationId, workflowId };
  const end = `
    while (supabase.getChannels().length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    process.exit(0);`;
  expect(await runPage('realtime.md', known, end)).toContain('succeeded');
});
