import type { Json } from '../../../../shared/errors.ts';
import { evaluate, parseDuration } from '../../../../shared/expression/index.ts';
import type { DelayStep } from '../../definition.ts';
import type { Place } from '../place.ts';
import { Failure, type StepRun } from '../step-run.ts';
import type { Line } from '../strand.ts';
import { timed, turn } from '../turn.ts';

export function* delay(step: DelayStep, run: StepRun, place: Place): Line {
  const its = yield* turn(step, run, place);
  if (!its) return;
  const until =
    step.for === undefined
      ? momentOf(evaluate(step.until ?? null, its.roots))
      : its.claimed + durationOf(evaluate(step.for, its.roots));
  run.status = 'waiting';
  run.output = { until: new Date(until).toISOString() };
  timed(yield { on: 'delay', run, due: { from: until, until } });
  run.status = 'succeeded';
}

function durationOf(value: Json): number {
  const milliseconds = typeof value === 'string' ? parseDuration(value) : undefined;
  return milliseconds ?? invalid();
}

function momentOf(value: Json): number {
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) ? invalid() : moment;
}

function invalid(): never {
  throw new Failure({ code: 'invalid_delay', message: 'That is no moment to wait for.' });
}
