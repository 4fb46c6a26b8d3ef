import type { Execution, Findings, StepRun } from './findings.ts';
import { callers, incrementers, shapes, writers } from './shapes.ts';

/** One line of the table: what was counted, and what it has to be. */
export interface Check {
  name: string;
  expected: string;
  found: number;
  ok: boolean;
}

export interface Outside {
  /** Executions that were started. */
  started: number;
  /** Calls the counter has seen, by step run. */
  calls: ReadonlyMap<string, number>;
  /** How often the hand-over of a step run failed in the eyes of the worker that made it. */
  failedHandOvers(stepRunId: string): number;
}

const ended = ['succeeded', 'failed', 'cancelled'];
const counted = ['succeeded', 'failed', 'skipped'];
/** Errors that belong to the mix, or that a frozen process earns: its attempt did not end in time. */
const allowedErrors = ['chaos_flaky', 'chaos_failure', 'timeout', 'statement_timeout', 'lock_timeout'];

/** Holds what the database and the counter say against what was started. */
export function check(findings: Findings, outside: Outside): Check[] {
  const { executions, steps, lostLeases, leftovers } = findings;
  const byExecution = groupBy(steps, ({ execution_id }) => execution_id);
  const stepsOf = ({ id }: Execution) => byExecution.get(id) ?? [];
  const written = groupBy(findings.effects, ({ execution_id, step }) => `${execution_id} ${step}`);
  const done = steps.filter(({ status }) => status === 'succeeded');
  const writes = done.filter(({ path }) => writers.test(path));
  const iterations = new Map(
    steps.map(({ id, type, iteration }) => [id, type === 'iteration' ? `[${iteration}]` : '']),
  );
  const rowsOf = ({ execution_id, scope_id, path }: StepRun) =>
    written.get(`${execution_id} ${path}${iterations.get(scope_id) ?? ''}`)?.length ?? 0;
  const increments = done.filter(({ path }) => incrementers.test(path)).length;
  const calling = done.filter(({ path }) => callers.test(path));
  const callsOf = ({ id }: StepRun) => outside.calls.get(id) ?? 0;
  const explained = ({ id, attempt }: StepRun) =>
    attempt + (lostLeases.get(id) ?? 0) + outside.failedHandOvers(id);
  const inner = executions.filter((one) =>
    shapes.some(({ name, startedBy }) => startedBy && name === one.shape),
  );
  const outer = executions.filter((one) => shapes.some(({ startedBy }) => startedBy === one.shape));
  const updated = findings.effects.filter(({ note }) => note === 'updated').length;

  const none = (name: string, found: number): Check => ({ name, expected: '0', found, ok: found === 0 });
  const equal = (name: string, expected: number, found: number): Check => ({
    name,
    expected: String(expected),
    found,
    ok: found === expected,
  });
  return [
    equal('executions started', outside.started, executions.length - inner.length),
    equal('sub-workflows started, one by each that waits for it', outer.length, inner.length),
    none('executions lost (ended, but not succeeded)', executions.filter(isLost).length),
    none('executions stuck (not ended)', executions.filter((one) => !isEnded(one)).length),
    none(
      'executions with a wrong set of steps',
      executions.filter((one) => isEnded(one) && !isAsPlanned(one, stepsOf(one))).length,
    ),
    none(
      'executions whose steps_done is not the number of their steps',
      executions.filter(
        (one) => one.steps_done !== stepsOf(one).filter(({ status }) => counted.includes(status)).length,
      ).length,
    ),
    none(
      'strands, leases, timers, messages and waits left',
      Object.values(leftovers).reduce((sum, n) => sum + n),
    ),
    equal('database effects: rows', writes.length, findings.effects.length),
    none('database effects done twice', writes.filter((step) => rowsOf(step) > 1).length),
    none('database effects missing', writes.filter((step) => rowsOf(step) === 0).length),
    equal('database effects: increments of shared rows', increments, findings.count),
    equal('database effects: updates', done.filter(({ path }) => path === 'update').length, updated),
    none('external effects missing', calling.filter((step) => callsOf(step) === 0).length),
    none(
      'external effects repeated without a reason',
      calling.filter((step) => callsOf(step) > explained(step)).length,
    ),
    none(
      'attempts that a disturbance cost',
      steps.filter(({ error }) => error && !allowedErrors.includes(error.code)).length,
    ),
  ];
}

const isLost = ({ status }: Execution) => status === 'failed' || status === 'cancelled';
const isEnded = ({ status }: Execution) => ended.includes(status);

function isAsPlanned({ shape, number }: Execution, steps: StepRun[]): boolean {
  const found = shapes.find(({ name }) => name === shape);
  const planned = Object.entries(found?.statuses(number) ?? {}).flatMap(([path, status]) =>
    Array<string>(found?.runs?.[path] ?? 1).fill(`${path} ${status}`),
  );
  const actual = steps.map(({ path, status }) => `${path} ${status}`);
  return planned.sort().join() === actual.sort().join();
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** The errors of steps that do not belong to the mix, each with how often it came. */
export function surprises({ steps }: Findings): Map<string, number> {
  const errors = steps.flatMap(({ error }) => (error && !allowedErrors.includes(error.code) ? [error] : []));
  const counts = new Map<string, number>();
  for (const { code, message } of errors) {
    const text = `${code}: ${message}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}
