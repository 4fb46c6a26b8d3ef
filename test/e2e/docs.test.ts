import { afterAll, expect, it } from 'vitest';
import { checkOut } from '../support/docs/checkout.ts';
import { runPage } from '../support/docs/run-page.ts';
import { platform, signUp, sql } from '../support/platform.ts';
import type { TestOwner } from '../support/users.ts';
import { publishSteps, startExecution } from '../support/workflows.ts';

// Every block of README and of the pages about ways in and out is run as it stands there.

const project = checkOut(platform.data_dir);
afterAll(project.remove);

const environment = {
  ...process.env,
  // Its own lines are not the page's.
  npm_config_loglevel: 'silent',
  NEXT_PUBLIC_SUPABASE_URL: platform.api_url,
  NEXT_PUBLIC_SUPABASE_ANON_KEY: platform.publishable_key,
};

/** Beside a signed-in user with an organisation and a published workflow: what a page takes for granted. */
const pages: Record<string, (owner: TestOwner) => Promise<Record<string, string>>> = {
  'README.md': async () => ({}),
  'docs/event-triggers.md': async () => ({}),
  'docs/schedules.md': async () => ({}),
  'docs/realtime.md': async () => ({}),
  'docs/webhooks.md': async () => ({ sharedSecret: 'known to both' }),
  'docs/http-api.md': async (owner) => {
    await askForApproval(owner);
    return {};
  },
  'docs/client.md': async () => ({}),
};

async function askForApproval({ client, organizationId, id }: TestOwner): Promise<void> {
  const ask = { id: 'ask', type: 'approval', title: 'Discount?', approvers: [id], allowRequester: true };
  const asking = await startExecution(client, await publishSteps(client, organizationId, [ask]));
  const asked = async () =>
    (await sql`select from public.approval_requests where execution_id = ${asking}`).length;
  await expect.poll(asked, { timeout: 15_000 }).toBe(1);
}

it.each(Object.entries(pages))(
  'every block of %s runs as it stands there',
  { timeout: 120_000 },
  async (page, prepare) => {
    const owner = await signUp();
    const greet = {
      id: 'greet',
      type: 'transform',
      output: { text: 'Hello {{ input.name | default: "you" }}' },
    };
    await runPage(page, {
      folder: project.folder,
      dbUrl: platform.db_url,
      environment,
      values: {
        url: platform.api_url,
        supabaseUrl: platform.api_url,
        publishableKey: platform.publishable_key,
        supabasePublishableKey: platform.publishable_key,
        email: owner.email,
        password: owner.password,
        userId: owner.id,
        accessToken: (await owner.client.auth.getSession()).data.session?.access_token ?? '',
        organizationId: owner.organizationId,
        workflowId: await publishSteps(owner.client, owner.organizationId, [greet]),
        ...(await prepare(owner)),
      },
      onSkip: (line) => process.stdout.write(`not run: ${line}\n`),
    });
  },
);
