import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import '../fixtures/worker/actions.ts';
import { startListener } from '../support/listener.ts';
import { useOwnPlatform } from '../support/own-platform.ts';
import {
  finishedExecution,
  publishSteps,
  runSteps,
  sentStatuses,
  startExecution,
  stepOf,
} from '../support/workflows.ts';

// Actions that an application registers, and what the worker does when they take long, fail, or give too much.

const worker = fileURLToPath(new URL('../fixtures/worker/index.ts', import.meta.url));
const { sql, signUp, signUpUser, addMember } = await useOwnPlatform({ worker });

const act = (action: string, params: object, rest = {}) => ({
  id: 'act',
  type: 'action',
  action,
  params,
  ...rest,
});

describe('an action of the application', () => {
  it('is called by its name, with a bare handler', async () => {
    const { execution } = await runSteps(await signUp(), [act('customAction', {})]);
    expect(execution).toMatchObject({
      status: 'succeeded',
      output: { success: true, result: 'custom result' },
    });
  });

  it('has its params checked against its schema before it runs', async () => {
    const greet = act('test.greet', { name: { $: 'input.name' } });
    const owner = await signUp();
    expect((await runSteps(owner, [greet], {}, { name: 'Ada' })).execution.output).toEqual({
      text: 'Hello Ada',
    });
    expect(stepOf(await runSteps(owner, [greet], {}, { name: 7 }), 'act').error).toMatchObject({
      code: 'invalid_params',
      path: 'params.name',
      retryable: false,
    });
  });
});

describe('a step that takes too long', () => {
  it('ends with timeout, may be tried again, and its handler is told', async () => {
    const listener = await startListener();
    const snapshot = await runSteps(await signUp(), [
      act('test.waitForSignal', { url: listener.url }, { timeout: '300ms' }),
    ]);
    const step = stepOf(snapshot, 'act');
    expect(step).toMatchObject({
      status: 'failed',
      error: { code: 'timeout', retryable: true, hint: expect.stringContaining('timeout') },
    });
    expect(await listener.received(1)).toEqual([
      { stepRunId: step.id, reason: 'The step did not finish within 0.3 s.' },
    ]);
  });
});

describe('a step that fails for a while', () => {
  const retry = { attempts: 3, backoff: 'fixed', delay: '100ms' };

  it('is tried again after a delay until it succeeds, under one idempotency key', async () => {
    const listener = await startListener();
    const snapshot = await runSteps(await signUp(), [
      act('test.failTwice', { url: listener.url }, { retry }),
    ]);
    const step = stepOf(snapshot, 'act');
    expect(step).toMatchObject({ status: 'succeeded', attempt: 3, output: { attempt: 3 } });
    const statuses = ['running', 'waiting', 'running', 'waiting', 'running', 'succeeded'];
    expect(await sentStatuses(sql, snapshot.execution.id)).toEqual(statuses);
    expect(await listener.received(3)).toEqual([1, 2, 3].map((attempt) => ({ key: step.id, attempt })));
  });

  it('ends with the last error when its attempts are used up', async () => {
    const throws = act('test.say', { fail: true }, { retry: { ...retry, attempts: 2 } });
    const snapshot = await runSteps(await signUp(), [throws]);
    expect(stepOf(snapshot, 'act')).toMatchObject({
      status: 'failed',
      attempt: 2,
      error: { code: 'handler_error', message: 'Said x', attempt: 2, retryable: true },
    });
  });
});

describe('an output that cannot be kept', () => {
  it('of more than 1 MB ends the step with output_too_large', async () => {
    const limit = 1_048_576;
    const owner = await signUp();
    // With its quotes the JSON text is two bytes longer.
    const fits = act('test.repeat', { text: 'x', times: limit - 2 });
    expect((await runSteps(owner, [fits])).execution.status).toBe('succeeded');
    const large = act('test.repeat', { text: 'x', times: limit - 1 });
    expect(stepOf(await runSteps(owner, [large]), 'act').error).toMatchObject({
      code: 'output_too_large',
      hint: expect.stringContaining('return its id'),
      retryable: false,
    });
  });

  it.each(['null', 'half'])(
    'because of a character that Postgres lacks (%s) ends with invalid_output',
    async (character) => {
      expect(stepOf(await runSteps(await signUp(), [act('test.say', { character })]), 'act')).toMatchObject({
        status: 'failed',
        error: { code: 'invalid_output', hint: expect.stringContaining('null characters'), retryable: false },
      });
    },
  );

  it('of a database action ends with invalid_output, and nothing it wrote stays', async () => {
    const email = 'unstorable@example.com';
    const snapshot = await runSteps(await signUp(), [act('test.writeLead', { email, character: 'null' })]);
    expect(stepOf(snapshot, 'act').error).toMatchObject({ code: 'invalid_output' });
    expect(await sql`select from public.leads where email = ${email}`).toHaveLength(0);
  });
});

describe('an error that cannot be kept as it is', () => {
  const replaced = { code: 'handler_error', message: 'Said \ufffd' };

  it.each(['null', 'half'])('loses the character (%s), not its code', async (character) => {
    const snapshot = await runSteps(await signUp(), [act('test.say', { character, fail: true })]);
    expect(stepOf(snapshot, 'act').error).toMatchObject(replaced);
  });

  it('of a database action loses the character, not its code', async () => {
    const params = { email: 'lost@example.com', character: 'null', fail: true };
    const snapshot = await runSteps(await signUp(), [act('test.writeLead', params)]);
    expect(stepOf(snapshot, 'act').error).toMatchObject({ code: 'refused', message: replaced.message });
  });

  it('together with its input ends the step without the input', async () => {
    const write = act('test.writeLead', { email: { $: "'\\u0000'" } });
    const id = stepOf(await runSteps(await signUp(), [write]), 'act').id;
    const [step] =
      await sql`select status, input, error from public.workflow_execution_steps where id = ${id}`;
    expect(step).toMatchObject({ status: 'failed', input: null, error: { code: 'invalid_value' } });
  });
});

describe('a database action that fails', () => {
  it('takes back what it wrote and reports code, message, hint, path and attempt', async () => {
    const email = 'undone@example.com';
    const snapshot = await runSteps(await signUp(), [act('test.writeLead', { email, fail: true })]);
    expect(stepOf(snapshot, 'act').error).toEqual({
      code: 'refused',
      message: 'Said x',
      hint: 'Ask again.',
      path: 'params.email',
      attempt: 1,
      retryable: false,
    });
    expect(await sql`select from public.leads where email = ${email}`).toHaveLength(0);
  });
});

describe('when the publisher has left the organisation', () => {
  it('nothing is called outside in their name', async () => {
    const listener = await startListener();
    const owner = await signUp();
    const editor = await signUpUser();
    await addMember(owner.organizationId, editor.id, 'editor');
    const steps = [
      act('test.failTwice', { url: listener.url }, { onError: 'continue' }),
      act('customAction', {}, { id: 'then' }),
    ];
    const workflowId = await publishSteps(editor.client, owner.organizationId, steps);
    await sql`delete from public.organization_members where user_id = ${editor.id}`;
    const snapshot = await finishedExecution(owner.client, await startExecution(owner.client, workflowId));
    expect(snapshot.steps.map(({ error }) => (error as { code: string } | null)?.code)).toEqual([
      'run_as_not_member',
      'run_as_not_member',
    ]);
    expect(listener.count()).toBe(0);
  });
});
