/** Where a worker may die in the worst possible moment, in the order in which a step passes them. */
export const crashPoints = [
  /** Steps are claimed, nothing of them has begun. */
  'after_claim',
  /** An action has begun: its statements are sent, or its call is about to be made. */
  'inside_action',
  /** A call to the outside has been answered, the database does not know of it. */
  'after_external_effect',
  /** Action, outcome and successor are written, the transaction is open. */
  'before_commit',
  /** The successor is leased, nobody has been told. */
  'after_commit',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

let reached: (point: CrashPoint) => void = () => {};

/** Marks that the worker has come to a point. Does nothing unless `onCrashPoint` was called. */
export function crashPoint(point: CrashPoint): void {
  reached(point);
}

/** For the chaos test's worker: calls `handler` at every point; it may end or hold up the process. */
export function onCrashPoint(handler: (point: CrashPoint) => void): void {
  reached = handler;
}
