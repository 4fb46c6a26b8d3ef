import type { CrashPoint } from '../../functions/worker/crash-points.ts';
import { type Check, check, surprises } from './checks.ts';
import type { Disturbances } from './disturb.ts';
import type { Environment } from './environment.ts';
import type { Findings } from './findings.ts';
import type { Options } from './options.ts';

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

/** Holds what was found against what was started, disturbed and called. */
export function conclude(
  { counter, balancer, fleet }: Environment,
  options: Options,
  findings: Findings,
  started: number,
  disturbances: Disturbances,
): Result {
  const points = fleet.hits('kill');
  const checks = [
    ...check(findings, { started, calls: counter.calls, unanswered: balancer.unanswered }),
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
      stalls: sum(Object.values(fleet.hits('stall'))),
      lost_leases: sum(findings.lostLeases.values()),
      repeated_calls: sum(counter.calls.values()) - counter.calls.size,
    },
  };
}
