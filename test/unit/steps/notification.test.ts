import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActionContext } from '../../../shared/actions/types.ts';
import type { Json } from '../../../shared/errors.ts';
import { prepareStep, type StepSource } from '../../../shared/steps/index.ts';

const context = {
  stepRunId: '0190b4f6-4a8e-7c3e-9f7d-3f1f0a2b4c5d',
  stepId: 'tell',
  executionId: 'the-execution',
  workflowId: 'the-workflow',
  organizationId: 'the-organisation',
} as ActionContext;

const roots = { input: { name: 'Ada', points: 80 } };

const prepare = (fields: Record<string, Json>) =>
  prepareStep(
    { step: { type: 'notification', ...fields }, plan: { type: 'notification' } } as unknown as StepSource,
    roots,
  );

const refusal = (fields: Record<string, Json>) => {
  try {
    prepare(fields);
  } catch (error) {
    return error;
  }
};

describe('the channel log', () => {
  const lines: string[] = [];

  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
  });
  afterEach(() => vi.restoreAllMocks());

  it('writes one line that says what was evaluated, and for which step run', async () => {
    const step = prepare({
      channel: 'log',
      to: { $: 'input.name' },
      subject: 'Lead {{ input.name }}',
      body: '{{ input.points }} points\nnow',
      data: { points: { $: 'input.points' } },
    });
    await step.execute(context);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      event: 'workflow.notification',
      channel: 'log',
      id: context.stepRunId,
      step: 'tell',
      execution: 'the-execution',
      workflow: 'the-workflow',
      organization: 'the-organisation',
      to: 'Ada',
      subject: 'Lead Ada',
      body: '80 points\nnow',
      data: { points: 80 },
    });
  });

  it('writes nothing before it is executed, and outside of transactions', () => {
    const step = prepare({ channel: 'log', body: 'Hello {{ input.name }}' });
    expect(lines).toEqual([]);
    expect(step).toMatchObject({ kind: 'external', input: { channel: 'log', body: 'Hello Ada' } });
  });

  it("gives the step run's id, the same in every attempt", async () => {
    const { execute } = prepare({ channel: 'log', body: 'x' });
    const outcome = { status: 'succeeded', output: { channel: 'log', id: context.stepRunId } };
    expect(await execute(context)).toEqual(outcome);
    expect(await execute({ ...context, attempt: 2 })).toEqual(outcome);
  });

  it('hides what speaks of a credential', async () => {
    const data = { user: { name: 'Ada', password: 's3cret' }, keys: [{ 'Api-Key': 's3cret' }], tokens: 5 };
    await prepare({ channel: 'log', body: { accessToken: 's3cret' }, data }).execute(context);
    expect(lines[0]).not.toContain('s3cret');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      data: { user: { name: 'Ada', password: '[redacted]' }, tokens: 5 },
    });
  });
});

describe('refused', () => {
  it.each(['email', 'sms', 'push', 'slack'])('the channel %s, with a hint at what there is', (channel) => {
    expect(refusal({ channel, to: 'ada', subject: 'x', body: 'x' })).toMatchObject({
      code: 'channel_not_available',
      path: 'channel',
      retryable: false,
      hint: expect.stringContaining('log'),
    });
  });

  it('a template, by the name it has when evaluated', () => {
    expect(refusal({ channel: 'log', template: 'hot-{{ input.name }}' })).toMatchObject({
      code: 'unknown_notification_template',
      message: expect.stringContaining('hot-Ada'),
      path: 'template',
      retryable: false,
    });
  });

  it('an expression that fails, with its path', () => {
    expect(refusal({ channel: 'log', body: '{{ input.nothing }}' })).toMatchObject({
      code: 'missing_value',
      path: 'body',
    });
  });
});
