import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { signUp } from '../support/platform.ts';

it('a refusal of the database reaches supabase-js with its status, code and hint', async () => {
  const { client, organizationId } = await signUp();
  const refused = await client.from('workflow_executions').insert({ workflow_id: randomUUID() });
  expect(refused).toMatchObject({
    status: 400,
    error: { code: 'P0001', details: 'workflow_not_found', hint: expect.stringContaining('Check the id') },
  });
  const nameless = await client.from('workflows').insert({ organization_id: organizationId, name: '' });
  expect(nameless).toMatchObject({ status: 400, error: { code: '23514' } });
});
