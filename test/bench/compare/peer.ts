import type { Shape } from './shapes.ts';

/** What one run took, from before the first start to after the last end. */
export interface Run {
  seconds: number;
  /** Milliseconds from start to end of every execution, when they ran one at a time. */
  latencies: number[];
}

/** An engine to measure. It lives in a process of its own and gets an empty database of its own. */
export interface Peer {
  setup(url: string): Promise<void>;
  /**
   * Runs so many executions and checks that all of them succeeded.
   * @param concurrency executions at once; with 1, the next one starts when the one before has ended
   */
  run(shape: Shape, executions: number, concurrency: number): Promise<Run>;
  close(): Promise<void>;
}

/** What a contender's module exports by default. */
export type MakePeer = (options: Record<string, number>) => Peer;
