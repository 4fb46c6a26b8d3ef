import { describe, expect, it } from 'vitest';
import { signUp, sql } from '../support/platform.ts';
import { watchedTable } from '../support/scratch-table.ts';
import { finishedExecution, publishSteps, runSteps, sentStatuses, stepOf } from '../support/workflows.ts';

// What steps make of expressions and data, run by the real worker.

const say = (id: string, output: unknown, rest = {}) => ({ id, type: 'transform', output, ...rest });

describe('a step', () => {
  it('whose `when` is false is skipped, and the next one runs', async () => {
    const snapshot = await runSteps(
      await signUp(),
      [say('no', 'a', { when: 'input.go' }), say('yes', 'b', { when: '!input.go' })],
      {},
      { go: false },
    );
    expect(stepOf(snapshot, 'no')).toMatchObject({ status: 'skipped', output: null });
    expect(snapshot.execution).toMatchObject({ status: 'succeeded', output: 'b', steps_done: 2 });
  });

  it('that reads a missing value fails and says where and what to do', async () => {
    const snapshot = await runSteps(await signUp(), [say('greet', { to: { $: 'input.nobody' } })]);
    expect(stepOf(snapshot, 'greet')).toMatchObject({
      status: 'failed',
      error: {
        code: 'missing_value',
        path: 'output.to',
        hint: expect.stringContaining('orValue'),
        retryable: false,
      },
    });
  });

  it('whose condition gives no boolean fails with condition_not_boolean', async () => {
    const choose = { id: 'choose', type: 'condition', if: 'input.count', then: [say('inside', 1)] };
    const snapshot = await runSteps(await signUp(), [choose], {}, { count: 3 });
    expect(stepOf(snapshot, 'choose')).toMatchObject({
      status: 'failed',
      error: { code: 'condition_not_boolean', path: 'if', hint: expect.stringContaining('Compare') },
    });
    expect(snapshot.steps).toHaveLength(1);
  });

  it('that waits goes on after its delay', async () => {
    const snapshot = await runSteps(await signUp(), [
      { id: 'pause', type: 'delay', for: '400ms' },
      say('after', { $: 'steps.pause.output.until' }),
    ]);
    const pause = stepOf(snapshot, 'pause');
    expect(pause.status).toBe('succeeded');
    const statuses = ['running', 'waiting', 'running', 'succeeded'];
    expect(await sentStatuses(sql, snapshot.execution.id)).toEqual(statuses);
    expect(snapshot.execution).toMatchObject({ status: 'succeeded', output: expect.any(String) });
    expect(Date.parse(pause.finished_at ?? '')).toBeGreaterThanOrEqual(
      Date.parse(snapshot.execution.output as string),
    );
    expect(Date.parse(pause.finished_at ?? '') - Date.parse(pause.started_at ?? '')).toBeGreaterThanOrEqual(
      390,
    );
  });
});

describe('a rule on a column that does not exist', () => {
  it('does not match: the workflow stays active and starts nothing', async () => {
    const table = await watchedTable(sql, 'note text');
    const { client, organizationId } = await signUp();
    const publish = (filter?: object) =>
      publishSteps(client, organizationId, [say('one', 1)], {
        trigger: { type: 'event', table, events: ['insert'], ...(filter ? { filter } : {}) },
      });
    const filtered = await publish({ field: 'record.nothing', op: 'neq', value: 1 });
    const plain = await publish();
    await sql`insert into public.${sql(table)} (organization_id) values (${organizationId})`;
    const { data } = await client.from('workflow_executions').select('workflow_id');
    expect(data).toEqual([{ workflow_id: plain }]);
    expect((await client.from('workflows').select('status').eq('id', filtered).single()).data?.status).toBe(
      'active',
    );
  });

  it('is false in a condition', async () => {
    const rule = { field: 'input.nothing', op: 'neq', value: 1 };
    const choose = {
      id: 'choose',
      type: 'condition',
      if: rule,
      then: [say('then', 1)],
      else: [say('else', 2)],
    };
    const snapshot = await runSteps(await signUp(), [choose]);
    expect(stepOf(snapshot, 'choose').output).toEqual({ result: false, branch: 'else' });
    expect(stepOf(snapshot, 'else').status).toBe('succeeded');
  });

  it('is refused by a query, which names the columns there are', async () => {
    const where = { field: 'nothing', op: 'eq', value: 1 };
    const snapshot = await runSteps(await signUp(), [
      { id: 'read', type: 'action', action: 'query', params: { entity: 'leads', where } },
    ]);
    expect(stepOf(snapshot, 'read').error).toMatchObject({
      code: 'unknown_column',
      path: 'params.where.field',
      hint: expect.any(String),
    });
  });
});

describe('numbers that a double cannot hold', () => {
  it('go from the row through every step as text, digit by digit', async () => {
    const table = await watchedTable(sql, 'whole bigint, exact numeric(40, 12), small int');
    const { client, organizationId } = await signUp();
    const row = {
      whole: { $: 'trigger.record.whole' },
      exact: { $: 'trigger.record.exact' },
      small: { $: 'trigger.record.small' },
    };
    const workflowId = await publishSteps(
      client,
      organizationId,
      [
        say('direct', row),
        {
          id: 'read',
          type: 'action',
          action: 'query',
          params: { entity: table, select: ['whole', 'exact', 'small'] },
        },
        say('text', '{{ trigger.record.whole }} {{ steps.direct.output.exact }}'),
      ],
      { trigger: { type: 'event', table, events: ['insert'] } },
    );
    await sql`insert into public.${sql(table)} (organization_id, whole, exact, small)
      values (${organizationId}, 9007199254740993, 12345678901234567890.123456789012, 7)`;
    const { data } = await client
      .from('workflow_executions')
      .select('id')
      .eq('workflow_id', workflowId)
      .single();
    const snapshot = await finishedExecution(client, data?.id);
    const kept = { whole: '9007199254740993', exact: '12345678901234567890.123456789012', small: 7 };
    expect(stepOf(snapshot, 'direct').output).toEqual(kept);
    expect(stepOf(snapshot, 'read').output).toMatchObject({ rows: [kept] });
    expect(stepOf(snapshot, 'text').output).toBe(`${kept.whole} ${kept.exact}`);
  });
});
