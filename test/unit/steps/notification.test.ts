import { describe, expect, it } from 'vitest';
import type { Json } from '../../../shared/errors.ts';
import { prepareStep, type StepSource } from '../../../shared/steps/index.ts';

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

it('a notification is evaluated before it is sent, and outside of transactions', () => {
  const step = prepare({
    channel: 'log',
    to: { $: 'input.name' },
    subject: 'Lead {{ input.name }}',
    body: '{{ input.points }} points',
    data: { points: { $: 'input.points' } },
  });
  expect(step).toMatchObject({
    kind: 'external',
    input: { channel: 'log', to: 'Ada', subject: 'Lead Ada', body: '80 points', data: { points: 80 } },
  });
});

describe('refused', () => {
  it('a channel that is none, with a hint at what there is', () => {
    expect(refusal({ channel: 'pigeon', to: 'ada', body: 'x' })).toMatchObject({
      code: 'channel_not_available',
      path: 'channel',
      retryable: false,
      hint: expect.stringContaining('log'),
    });
  });

  it('an expression that fails, with its path', () => {
    expect(refusal({ channel: 'log', body: '{{ input.nothing }}' })).toMatchObject({
      code: 'missing_value',
      path: 'body',
    });
  });
});
