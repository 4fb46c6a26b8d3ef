import { evaluate } from '../../../../shared/expression/index.ts';
import type { ApprovalStep } from '../../definition.ts';
import type { Place } from '../place.ts';
import { sequence } from '../sequence.ts';
import { Failure, type StepRun } from '../step-run.ts';
import type { Line } from '../strand.ts';
import { setDeadline } from '../time-limit.ts';
import { timed, turn } from '../turn.ts';

/** The time limit is the approvers', not that of the branch their decision leads to. */
export function* approval(step: ApprovalStep, run: StepRun, place: Place): Line {
  const its = yield* turn(step, run, place);
  if (!its) return;
  evaluate(step.title, its.roots);
  run.status = 'waiting';
  setDeadline(step, run, place, its);
  const { decision } = timed(yield { on: 'decision', run });
  place.world.deadlines.delete(run);
  const { onTimeout = 'fail' } = step;
  if (decision === 'timeout' && onTimeout === 'fail') {
    throw new Failure({ code: 'approval_timeout', message: 'Nobody has decided in time.' });
  }
  const approves = (decision === 'timeout' ? onTimeout : decision) === 'approve';
  run.output = { decision: approves ? 'approved' : 'rejected' };
  yield* sequence((approves ? step.approved : step.rejected) ?? [], place);
  run.status = 'succeeded';
}
