import process from 'node:process';
import { type CrashPoint, onCrashPoint } from '../../../functions/worker/crash-points.ts';

/** What the worker is told in `CHAOS_CRASHES`. Probabilities are per passing of a crash point. */
export interface CrashPlan {
  /** Ends the process with SIGKILL. */
  kill: Record<CrashPoint, number>;
  /** Holds the process up, as a frozen machine would, for longer than any lease lasts. */
  stall: { probability: number; milliseconds: number };
}

/** How a hit is announced on standard error, so that the log keeps count when the process is gone. */
export const hit = (what: 'kill' | 'stall', point: CrashPoint) => `@@${what} ${point}`;

/** Lets this process die, or freeze, at crash points. */
export function armCrashPoints(plan: CrashPlan): void {
  onCrashPoint((point) => {
    if (Math.random() < plan.kill[point]) {
      console.error(hit('kill', point));
      process.kill(process.pid, 'SIGKILL');
    }
    if (Math.random() < plan.stall.probability) {
      console.error(hit('stall', point));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, plan.stall.milliseconds);
    }
  });
}
