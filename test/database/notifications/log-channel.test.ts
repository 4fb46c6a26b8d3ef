import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useNotifications } from './support.ts';

const { notify } = await useNotifications();
const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
});
afterEach(() => void vi.restoreAllMocks());

it('the channel log writes one line that says what was evaluated, and for which step run', async () => {
  const { id, execution } = await notify({
    channel: 'log',
    to: 'ops',
    subject: 'Lead {{ "Ada" | upcase }}',
    body: '80 points\nnow',
    data: { points: { $: '40 + 40' } },
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('\n');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    event: 'workflow.notification',
    channel: 'log',
    key: id,
    step: 'tell',
    execution: execution.id,
    workflow: execution.workflow_id,
    organization: execution.organization_id,
    to: 'ops',
    subject: 'Lead ADA',
    body: '80 points\nnow',
    data: { points: 80 },
  });
});

it('it hides what speaks of a credential, in the line and in its row', async () => {
  const data = { user: { name: 'Ada', password: 's3cret' }, keys: [{ 'Api-Key': 's3cret' }], tokens: 5 };
  const { execution } = await notify({ channel: 'log', body: { accessToken: 's3cret' }, data });
  expect(execution.status).toBe('succeeded');
  expect(lines[0]).not.toContain('s3cret');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    data: { user: { name: 'Ada', password: '[redacted]' }, tokens: 5 },
    body: '{"accessToken":"[redacted]"}',
  });
});
