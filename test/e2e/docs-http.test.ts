import { beforeAll, expect, it } from 'vitest';
import { codeBlocks, runShell, runTypeScript } from '../support/documentation.ts';
import { platform, signUp, sql } from '../support/platform.ts';
import type { TestOwner } from '../support/users.ts';
import { makeWebhook } from '../support/webhooks.ts';
import { finishedExecution, publishSteps, startExecution } from '../support/workflows.ts';

// What docs/webhooks.md and docs/http-api.md show is run as it stands there.

let owner: TestOwner;
let token: string;
beforeAll(async () => {
  owner = await signUp();
  token = (await owner.client.auth.getSession()).data.session?.access_token ?? '';
});

const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);

it('the TypeScript of docs/webhooks.md makes, signs for, rotates and deletes a webhook', async () => {
  const before = `
    import { createClient } from '@supabase/supabase-js';
    import { WebSocket } from 'ws';
    const supabaseUrl = '${platform.api_url}';
    const supabase = createClient(supabaseUrl, '${platform.publishable_key}', {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: WebSocket },
    });
    await supabase.auth.signInWithPassword({ email: '${owner.email}', password: '${owner.password}' });
    const organizationId = '${owner.organizationId}';
    const sharedSecret = 'known to both';`;
  const after = 'console.log(JSON.stringify({ execution_id, webhook, fresh })); process.exit(0);';
  const blocks = codeBlocks('webhooks.md', 'ts');
  const { execution_id, webhook, fresh } = (await runTypeScript(blocks, before, after)) as {
    execution_id: string;
    webhook: { id: string; token: string };
    fresh: { id: string; token: string };
  };
  expect(fresh.id).toBe(webhook.id);
  expect(fresh.token).not.toBe(webhook.token);
  expect((await finishedExecution(owner.client, execution_id)).execution).toMatchObject({
    status: 'succeeded',
    output: { text: 'Order A-8 is paid.' },
  });
  expect(await sql`select from public.workflow_webhooks where id = ${webhook.id}`).toHaveLength(0);
});

it('the requests of docs/webhooks.md start a workflow', async () => {
  const inputs = { type: 'object', properties: { order: { type: 'string' } }, required: ['order'] };
  const webhook = await makeWebhook(platform.api_url, sql, owner.organizationId, {}, { inputs });
  const env = { SUPABASE_URL: platform.api_url, WEBHOOK_PATH: `/functions/v1/webhook/${webhook.token}` };
  expect(await runShell(codeBlocks('webhooks.md', 'sh'), env)).toEqual([
    { execution_id: uuid },
    {
      execution_id: uuid,
      status: 'succeeded',
      output: { order: 'A-7', email: 'ada@example.com' },
      error: null,
    },
  ]);
});

it('the requests of docs/http-api.md publish, start, read, list, cancel, retry and decide', async () => {
  const ask = {
    id: 'ask',
    type: 'approval',
    title: 'Discount?',
    approvers: [owner.id],
    allowRequester: true,
  };
  const asking = await startExecution(
    owner.client,
    await publishSteps(owner.client, owner.organizationId, [ask]),
  );
  const asked = async () =>
    (await sql`select from public.approval_requests where execution_id = ${asking}`).length;
  await expect.poll(asked, { timeout: 15_000 }).toBe(1);
  const blocks = codeBlocks('http-api.md', 'sh').map((block) =>
    block.replace('ada@example.com', owner.email),
  );
  const env = {
    SUPABASE_URL: platform.api_url,
    SUPABASE_PUBLISHABLE_KEY: platform.publishable_key,
    ORGANIZATION: owner.organizationId,
  };
  const answers = (await runShell(blocks, env)) as { id?: string; code?: string }[];
  const [execution, steps, list, cancelled, retried, decision] = answers;
  expect(execution).toMatchObject({ id: uuid, input: { name: 'Ada' } });
  expect(steps).toMatchObject({ data: expect.any(Array) });
  expect(list).toMatchObject({ data: expect.any(Array), next: null });
  // It may have ended by then, as the page says.
  expect(cancelled?.code ?? cancelled?.id).toEqual(cancelled?.code ? 'execution_ended' : execution?.id);
  expect(retried?.code).toBeUndefined();
  expect(retried).toMatchObject({ id: uuid, retry_of: execution?.id, retry_from: 'greet' });
  expect(decision).toMatchObject({ id: uuid, decision: 'approve', comment: 'Fine.' });
});

it('the TypeScript of docs/http-api.md starts a workflow', async () => {
  const steps = [{ id: 'say', type: 'transform', output: { $: 'input' } }];
  const workflowId = await publishSteps(owner.client, owner.organizationId, steps);
  const before = `
    const supabaseUrl = '${platform.api_url}';
    const workflowId = '${workflowId}';
    const accessToken = '${token}';`;
  const execution = await runTypeScript(
    codeBlocks('http-api.md', 'ts'),
    before,
    'console.log(JSON.stringify(execution));',
  );
  expect(execution).toMatchObject({ id: uuid, workflow_id: workflowId, input: { name: 'Ada' } });
});
