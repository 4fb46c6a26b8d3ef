import { Impossible } from './impossible.ts';
import type { World } from './place.ts';
import type { StepRun } from './step-run.ts';
import type { Due } from './strand.ts';
import { Interrupt } from './time-limit.ts';

export type TimerKind = 'delay' | 'retry' | 'timeout';

interface Timer {
  run: StepRun;
  kind: TimerKind;
  due: Due;
}

/** Every timer that there should be. */
export function openTimers(world: World): Timer[] {
  const timers: Timer[] = [];
  for (const run of world.runs) {
    const { wait } = run.strand;
    if (wait?.run === run && (wait.on === 'delay' || wait.on === 'retry')) {
      timers.push({ run, kind: wait.on, due: wait.due });
    }
    const deadline = world.deadlines.get(run);
    if (deadline) timers.push({ run, kind: 'timeout', due: deadline });
  }
  return timers;
}

/** Lets a timer fire. @throws Impossible when there is none, or it is not due */
export function firesTimer(world: World, run: StepRun, kind: TimerKind, now: number): void {
  const timer = openTimers(world).find((candidate) => candidate.run === run && candidate.kind === kind);
  if (!timer) throw new Impossible(`${run.address} (${run.status}) has no ${kind} timer`);
  if (timer.due.from > now) {
    throw new Impossible(`the ${kind} timer of ${run.address} fired ${timer.due.from - now} ms too early`);
  }
  const { strand } = run;
  if (kind !== 'timeout') strand.resume({ now });
  else if (strand.wait?.on === 'decision' && strand.wait.run === run)
    strand.resume({ now, decision: 'timeout' });
  else strand.interrupt(new Interrupt(run));
}
