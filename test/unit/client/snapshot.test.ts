import { describe, expect, it } from 'vitest';
import { applyChange, type Execution, type StepRun, snapshotOf } from '../../../shared/client/snapshot.ts';

const step = (id: string, status: StepRun['status'], more: Partial<StepRun> = {}) =>
  ({ id, path: id, status, ...more }) as StepRun;
const execution = (revision: number, status: Execution['status'] = 'running') =>
  ({ id: 'x', revision, status }) as Execution;

describe('a snapshot', () => {
  const before = { execution: execution(3), steps: [step('b', 'running', { attempt: 2 })] };

  it('takes changed steps over, keeps the others, and stays in the order of ids', () => {
    const after = applyChange(before, {
      revision: 4,
      execution: execution(4),
      steps: [step('c', 'queued'), step('a', 'failed')],
    });
    expect(after.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'a failed',
      'b running',
      'c queued',
    ]);
    expect(after.execution.revision).toBe(4);
  });

  it('replaces an older self without losing what the change does not carry', () => {
    const after = applyChange(before, {
      revision: 4,
      execution: execution(4),
      steps: [step('b', 'succeeded')],
    });
    expect(after.steps).toEqual([step('b', 'succeeded', { attempt: 2 })]);
  });

  it('leaves the one before untouched', () => {
    applyChange(before, { revision: 4, execution: execution(4, 'failed'), steps: [step('b', 'failed')] });
    expect(before).toEqual({ execution: execution(3), steps: [step('b', 'running', { attempt: 2 })] });
  });

  it('comes from a row with its steps embedded, in any order', () => {
    const { execution: read, steps } = snapshotOf({
      id: 'x',
      revision: 1,
      steps: [step('b', 'queued'), step('a', 'queued')] as never,
    });
    expect(read).toEqual({ id: 'x', revision: 1 });
    expect(steps.map(({ id }) => id)).toEqual(['a', 'b']);
  });
});
