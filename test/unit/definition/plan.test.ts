import { describe, expect, it } from 'vitest';
import { compile, indexSteps } from '../../../shared/definition/index.ts';
import { actions, compiled, nodeOf, planOf, reads, step, workflow } from './support.ts';

const condition = (id: string, then: unknown[], more: object = {}) => ({
  id,
  type: 'condition',
  if: 'true',
  then,
  ...more,
});
const loop = (id: string, steps: unknown[], more: object = {}) => ({
  id,
  type: 'loop',
  items: '[1]',
  steps,
  ...more,
});
const parallel = (id: string, branches: object, more: object = {}) => ({
  id,
  type: 'parallel',
  branches,
  ...more,
});
const approval = (id: string, approved: unknown[], more: object = {}) => ({
  id,
  type: 'approval',
  approvers: ['role:admin'],
  title: 'Ok?',
  approved,
  ...more,
});

describe('sequences', () => {
  it('begin at the first step and follow the order', () => {
    const plan = planOf([step('a'), step('b')]);
    expect(plan).toMatchObject({ format: 1, first: 'a', on_failure: null });
    expect([plan.steps.a?.next, plan.steps.b?.next]).toEqual(['b', null]);
  });

  it('of onFailure are a section of their own', () => {
    const plan = planOf([step('a')], { onFailure: [step('f'), step('g')] });
    expect(plan.on_failure).toBe('f');
    expect(plan.steps.f).toMatchObject({ section: 'on_failure', next: 'g' });
    expect(plan.steps.a?.section).toBe('main');
  });
});

describe('a condition', () => {
  const steps = [condition('c', [step('x'), step('y')], { else: [step('z')] }), step('after')];

  it('names its branches, null for an empty one', () => {
    expect(nodeOf('c', steps)).toMatchObject({
      kind: 'pure',
      next: 'after',
      closes: [],
      branches: { then: 'x', else: 'z' },
    });
    expect(nodeOf('c', [condition('c', [step('x')])]).branches).toEqual({ then: 'x', else: null });
  });

  it('is left by the last step of each branch', () => {
    expect(nodeOf('x', steps)).toMatchObject({ parent: 'c', next: 'y', closes: [], depth: 0 });
    expect(nodeOf('y', steps)).toMatchObject({ next: 'after', closes: ['c'] });
    expect(nodeOf('z', steps)).toMatchObject({ next: 'after', closes: ['c'] });
  });

  it('ends with what is inside of it, through several levels', () => {
    const nested = [condition('a', [condition('b', [condition('c', [step('x')])])]), step('end')];
    expect(nodeOf('x', nested)).toMatchObject({ next: 'end', closes: ['c', 'b', 'a'] });
    expect(nodeOf('c', nested)).toMatchObject({ next: 'end', closes: ['b', 'a'] });
    expect(nodeOf('a', nested)).toMatchObject({ next: 'end', closes: [] });
  });

  it('at the end of the line is left to nothing', () => {
    expect(nodeOf('x', [condition('a', [step('x')])])).toMatchObject({ next: null, closes: ['a'] });
  });
});

describe('an approval', () => {
  const steps = [approval('ok', [step('yes')], { rejected: [step('no')] }), step('after')];

  it('has two branches and thirty days', () => {
    expect(nodeOf('ok', steps)).toMatchObject({
      kind: 'pure',
      branches: { approved: 'yes', rejected: 'no' },
      timeout_ms: null,
      timer_ms: 2_592_000_000,
    });
  });

  it('keeps a timeout of its own', () => {
    expect(nodeOf('ok', [approval('ok', [], { timeout: '2d' })]).timer_ms).toBe(172_800_000);
  });

  it('with a channel has a message beside it, which it survives', () => {
    expect(nodeOf('ok.message', [approval('ok', [], { channel: 'log' })])).toMatchObject({
      type: 'message',
      kind: 'external',
      parent: 'ok',
      next: null,
      on_error: 'continue',
    });
    expect(planOf(steps).steps['ok.message']).toBeUndefined();
  });

  it('is left like a condition', () => {
    expect(nodeOf('no', steps)).toMatchObject({ parent: 'ok', next: 'after', closes: ['ok'], depth: 0 });
  });
});

describe('a loop', () => {
  const steps = [loop('each', [step('x'), step('y')]), step('after')];

  it('opens a strand per iteration', () => {
    expect(nodeOf('each', steps)).toMatchObject({
      kind: 'pure',
      branches: { item: 'each.item' },
      next: 'after',
      depth: 0,
    });
    expect(nodeOf('each.item', steps)).toMatchObject({
      type: 'iteration',
      kind: 'none',
      parent: 'each',
      depth: 0,
      next: null,
      closes: [],
      branches: { body: 'x' },
    });
  });

  it('ends the strand with its last step', () => {
    expect(nodeOf('x', steps)).toMatchObject({ parent: 'each.item', depth: 1, next: 'y' });
    expect(nodeOf('y', steps)).toMatchObject({ depth: 1, next: null, closes: [] });
  });

  it('is not left by a condition at the end of an iteration', () => {
    const inner = [loop('each', [condition('c', [step('x')])]), step('after')];
    expect(nodeOf('x', inner)).toMatchObject({ depth: 1, next: null, closes: ['c'], fails: ['c'] });
  });

  it('inside of a loop is a level deeper', () => {
    const inner = [loop('outer', [loop('inner', [step('x')], { as: 'b' })], { as: 'a' })];
    expect(nodeOf('inner.item', inner)).toMatchObject({ parent: 'inner', depth: 1 });
    expect(nodeOf('x', inner).depth).toBe(2);
  });
});

describe('a parallel', () => {
  const steps = [parallel('p', { left: [step('x')], right: [] }), step('after')];

  it('opens a strand per branch', () => {
    expect(nodeOf('p', steps).branches).toEqual({ left: 'p.left', right: 'p.right' });
    expect(nodeOf('p.left', steps)).toMatchObject({
      type: 'branch',
      kind: 'none',
      parent: 'p',
      branches: { body: 'x' },
    });
    expect(nodeOf('p.right', steps).branches).toEqual({ body: null });
    expect(nodeOf('x', steps)).toMatchObject({ parent: 'p.left', depth: 1, next: null, closes: [] });
  });
});

describe('errors', () => {
  it('are handled by nothing unless the definition says so', () => {
    expect(nodeOf('a', [step('a')])).toMatchObject({
      on_error: 'fail',
      catch: null,
      fails: [],
      handler: null,
    });
  });

  it('fail all containers of the strand', () => {
    const steps = [condition('a', [condition('b', [step('x')])])];
    expect(nodeOf('x', steps)).toMatchObject({ fails: ['b', 'a'], handler: null });
  });

  it('fail containers up to the one that handles them', () => {
    const steps = [condition('a', [condition('b', [condition('c', [step('x')])], { onError: 'continue' })])];
    expect(nodeOf('x', steps)).toMatchObject({ fails: ['c'], handler: 'b' });
    expect(nodeOf('b', steps)).toMatchObject({ fails: ['a'], handler: null, on_error: 'continue' });
  });

  it('do not reach containers of another strand', () => {
    const steps = [condition('a', [loop('l', [step('x')])], { onError: 'continue' })];
    expect(nodeOf('x', steps)).toMatchObject({ fails: [], handler: null });
    expect(nodeOf('l', steps)).toMatchObject({ fails: [], handler: 'a' });
  });
});

describe('a catch branch', () => {
  const steps = [condition('c', [step('a', { onError: [step('x'), step('y')] })]), step('after')];

  it('follows its failed step', () => {
    expect(nodeOf('a', steps)).toMatchObject({ on_error: 'catch', catch: 'x', next: 'after', closes: ['c'] });
    expect(nodeOf('x', steps)).toMatchObject({ parent: 'a', next: 'y', closes: [], depth: 0 });
  });

  it('closes the failed step and what the failed step closes', () => {
    expect(nodeOf('y', steps)).toMatchObject({ next: 'after', closes: ['a', 'c'] });
  });

  it('fails the execution, whatever would handle errors further out', () => {
    const handled = [condition('c', [step('a', { onError: [step('x')] })], { onError: 'continue' })];
    expect(nodeOf('x', handled)).toMatchObject({ fails: ['a', 'c'], handler: null });
  });

  it('may handle errors inside of itself', () => {
    const inner = [step('a', { onError: [condition('c', [step('x')], { onError: 'continue' })] })];
    expect(nodeOf('x', inner)).toMatchObject({ fails: [], handler: 'c' });
  });

  it('that is empty is no catch branch but none the less handles the error', () => {
    expect(nodeOf('a', [step('a', { onError: [] }), step('b')])).toMatchObject({
      on_error: 'continue',
      catch: null,
    });
  });
});

describe('kinds', () => {
  it('come from the action or the type', () => {
    const all = [
      { id: 'q', type: 'action', action: 'query', params: { entity: 'leads' } },
      { id: 'm', type: 'action', action: 'sendEmail', params: { to: 'a@b.io' } },
      { id: 'd', type: 'action', action: 'generateDocument' },
      { id: 'h', type: 'http', url: 'https://example.com' },
      { id: 'n', type: 'notification', channel: 'log', body: 'x' },
      { id: 'w', type: 'delay', for: '1s' },
      { id: 't', type: 'transform', output: 1 },
      loop('l', [step('x')]),
      parallel('p', { a: [] }),
    ];
    const plan = planOf(all);
    expect(all.map(({ id }) => plan.steps[id]?.kind)).toEqual([
      'database',
      'external',
      'pure',
      'external',
      'external',
      'pure',
      'pure',
      'pure',
      'pure',
    ]);
  });
});

describe('reads', () => {
  it('are the steps that any expression of the step uses', () => {
    const steps = [
      step('a'),
      step('b'),
      step('c'),
      {
        id: 'h',
        type: 'http',
        when: 'steps.a.output > 0',
        url: 'https://x.io/{{ steps["b"].output }}',
        body: { x: [{ $: 'steps.c.output' }] },
      },
    ];
    expect(nodeOf('h', steps).reads).toEqual([
      { path: 'a', depth: 0 },
      { path: 'b', depth: 0 },
      { path: 'c', depth: 0 },
    ]);
  });

  it('tell the depth at which the step lives', () => {
    const steps = [step('a'), loop('l', [step('x'), reads('y', 'steps.x.output + steps.a.output')])];
    expect(nodeOf('y', steps).reads).toEqual([
      { path: 'a', depth: 0 },
      { path: 'x', depth: 1 },
    ]);
  });

  it('come from rule trees too', () => {
    const rule = { field: 'steps.a.output.n', op: 'gt', ref: 'steps.b.output' };
    expect(
      nodeOf('c', [step('a'), step('b'), condition('c', [step('x')], { if: rule })]).reads.map(
        ({ path }) => path,
      ),
    ).toEqual(['a', 'b']);
  });

  it('of a container are its own and not those of its steps', () => {
    const steps = [step('a'), loop('l', [reads('x', 'steps.a.output')], { items: '[1]' })];
    expect(nodeOf('l', steps).reads).toEqual([]);
  });
});

describe('roots', () => {
  it('are those the expressions use, steps apart', () => {
    const steps = [step('a'), reads('b', '[input.x, variables.y, steps.a.output, now, execution.id]')];
    expect(nodeOf('b', steps, { variables: { y: 1 } }).roots).toEqual([
      'execution',
      'input',
      'now',
      'variables',
    ]);
  });

  it('count the item of a loop as loop', () => {
    const steps = [loop('l', [reads('x', 'lead.id')], { as: 'lead' })];
    expect(nodeOf('x', steps).roots).toEqual(['lead', 'loop']);
  });

  it('count the row of a rule as trigger', () => {
    const steps = [condition('c', [step('x')], { if: { field: 'record.x', op: 'isNull' } })];
    expect(nodeOf('c', steps, { trigger: { type: 'event', table: 't', events: ['insert'] } }).roots).toEqual([
      'trigger',
    ]);
  });
});

describe('times', () => {
  it('are milliseconds', () => {
    expect(nodeOf('a', [step('a', { timeout: '1m30s' })]).timeout_ms).toBe(90_000);
    expect(nodeOf('a', [step('a')]).timeout_ms).toBeNull();
  });

  it('of what waits in the database are timers, not the time of a handler', () => {
    const timeout = '2d';
    const run = { id: 'a', type: 'action', action: 'runWorkflow', params: { workflow: 'b' }, timeout };
    for (const one of [run, condition('a', [step('x')], { timeout }), loop('a', [step('x')], { timeout })])
      expect(nodeOf('a', [one])).toMatchObject({ timeout_ms: null, timer_ms: 172_800_000 });
    const read = { ...run, action: 'query', params: { entity: 'x' } };
    expect(nodeOf('a', [read])).toMatchObject({ timeout_ms: 172_800_000, timer_ms: null });
  });

  it('of a retry have defaults', () => {
    const action = { id: 'a', type: 'action', action: 'query', params: { entity: 'x' } };
    expect(nodeOf('a', [action]).retry).toBeNull();
    expect(nodeOf('a', [{ ...action, retry: {} }]).retry).toEqual({
      attempts: 3,
      backoff: 'exponential',
      delay_ms: 5000,
      max_delay_ms: 300_000,
    });
  });
});

describe('the definition', () => {
  it('comes back with its defaults', () => {
    const result = compiled([loop('l', [step('x')])]);
    expect(result.ok && result.definition.steps[0]).toMatchObject({
      as: 'item',
      concurrency: 1,
      maxItems: 1000,
      collect: true,
    });
  });

  it('compiles to the same plan again', () => {
    const first = compiled([loop('l', [step('x')]), approval('ok', [step('y', { onError: [step('z')] })])]);
    if (!first.ok) throw new Error('does not compile');
    const second = compile(JSON.parse(JSON.stringify(first.definition)), { actions });
    expect(second).toEqual(first);
  });

  it('is indexed by step', () => {
    const result = compile(
      workflow([condition('c', [loop('l', [step('x')])]), step('a', { onError: [step('b')] })], {
        onFailure: [step('f')],
      }),
      { actions },
    );
    expect(result.ok && [...indexSteps(result.definition).keys()]).toEqual(['c', 'l', 'x', 'a', 'b', 'f']);
  });
});
