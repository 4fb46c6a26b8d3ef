import type { ActionContext } from '../../shared/actions/types.ts';
import { type Json, StepError } from '../../shared/errors.ts';
import type { PreparedStep, StepOutcome } from '../../shared/steps/index.ts';
import type { Claim } from './claim.ts';

/** What stands in for a step in a test run: its output, or the error it fails with. */
export type Mock = { output: Json } | { error: MockedError };

interface MockedError {
  code: string;
  message: string;
  hint?: string;
  retryable?: boolean;
}

/** By step id: one mock for every run of the step, or a list of one for each, whose last serves all others. */
export type Mocks = Record<string, Mock | Mock[]>;

/** Stands in for the outside in a test run: what a step would send is in its input, and nothing is sent. */
export class Rehearsal {
  private readonly used = new Map<string, number>();

  constructor(private readonly mocks: Mocks = {}) {}

  /** A mocked database action is not run either: it becomes a call that `perform` answers. */
  standIn({ mode, path }: Claim, prepared: PreparedStep): PreparedStep {
    const isMocked = mode === 'test' && prepared.kind === 'database' && path in this.mocks;
    return isMocked ? { ...prepared, kind: 'external' } : prepared;
  }

  /** @throws StepError that of the mock, or of a call that would not be allowed */
  async perform(prepared: PreparedStep, context: ActionContext): Promise<StepOutcome> {
    const mock = this.next(context.stepId);
    const output = mock && 'output' in mock ? mock.output : undefined;
    const answer = await (prepared.rehearse?.(context, output) ?? output ?? null);
    if (mock && 'error' in mock) throw new StepError(mock.error);
    return { status: 'succeeded', output: answer };
  }

  private next(stepId: string): Mock | undefined {
    const mocks = this.mocks[stepId];
    if (!Array.isArray(mocks)) return mocks;
    const place = this.used.get(stepId) ?? 0;
    this.used.set(stepId, place + 1);
    return mocks[Math.min(place, mocks.length - 1)];
  }
}
