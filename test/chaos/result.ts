import { type CrashPoint, crashPoints } from '../../functions/worker/crash-points.ts';
import { type Check, check, surprises } from './checks.ts';
import type { Disturbances } from './disturb.ts';
import type { Environment } from './environment.ts';
import type { Findings } from './findings.ts';
import type { Fleet } from './fleet.ts';
import type { Options } from './options.ts';
import { hit } from './worker/crash.ts';
import { unanswered } from './worker/hand-over.ts';

/** What the run came to; the command prints it as one JSON line. */
export interface Result {
  ok: boolean;
  seed: number;
  executions: number;
  steps: number;
  checks: Check[];
  /** Errors of steps that nothing in the mix explains, and how often each came. */
  errors: Record<string, number>;
  crash_points: Record<CrashPoint, number>;
  disturbances: Disturbances & { stalls: number; lost_leases: number; repeated_calls: number };
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

/** How often each crash point has killed a worker, or made it stall. */
export function hitsOf(fleet: Fleet, what: 'kill' | 'stall'): Record<CrashPoint, number> {
  const announced = fleet.announced();
  const hits = crashPoints.map((point) => [point, announced.get(hit(what, point)) ?? 0]);
  return Object.fromEntries(hits) as Record<CrashPoint, number>;
}

/** Holds what was found against what was started, disturbed and called. */
export function conclude(
  { counter, fleet }: Environment,
  options: Options,
  findings: Findings,
  started: number,
  disturbances: Disturbances,
): Result {
  const points = hitsOf(fleet, 'kill');
  const announced = fleet.announced();
  const failedHandOvers = (stepRunId: string) => announced.get(unanswered(stepRunId)) ?? 0;
  const checks = [
    ...check(findings, { started, calls: counter.calls, failedHandOvers }),
    ...Object.entries(points).map(([point, found]) => {
      const name = `killed at crash point ${point}`;
      return { name, expected: `≥ ${options.hits}`, found, ok: found >= options.hits };
    }),
  ];
  return {
    ok: checks.every(({ ok }) => ok),
    seed: options.seed,
    executions: findings.executions.length,
    steps: findings.steps.length,
    checks,
    errors: Object.fromEntries(surprises(findings)),
    crash_points: points,
    disturbances: {
      ...disturbances,
      stalls: sum(Object.values(hitsOf(fleet, 'stall'))),
      lost_leases: sum(findings.lostLeases.values()),
      repeated_calls: sum(counter.calls.values()) - counter.calls.size,
    },
  };
}
