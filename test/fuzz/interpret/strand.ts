import type { Group } from './group.ts';
import type { StepRun } from './step-run.ts';

/** From when until when a timer may fire, in milliseconds. */
export interface Due {
  from: number;
  until: number;
}

/** What a strand stands still for. */
export type Wait =
  | { on: 'turn'; run: StepRun }
  | { on: 'delay' | 'retry'; run: StepRun; due: Due }
  | { on: 'decision'; run: StepRun }
  | { on: 'children'; run: StepRun; group: Group };

/** What lets it go on. */
export type Happening =
  | {
      now: number;
      /** When the worker claimed the step: its expressions' `now`. */
      claimed?: number;
      decision?: 'approve' | 'reject' | 'timeout';
    }
  /** Children have ended. */
  | undefined;

/** What a strand does: a recursive descent through its steps that stands still at each wait. */
export type Line<T = void> = Generator<Wait, T, Happening>;

/** A sequential line of an execution: its main line, an iteration, a branch. */
export class Strand {
  wait: Wait | undefined;
  private line: Line | undefined;

  constructor(private readonly onEnd: () => void = () => {}) {}

  start(line: Line): void {
    this.line = line;
    this.goOn(() => line.next(undefined));
  }

  resume(happening: Happening): void {
    this.goOn((line) => line.next(happening));
  }

  /** Lets an error come out of what it waits for. */
  interrupt(error: unknown): void {
    this.goOn((line) => line.throw(error));
  }

  /** Ends it where it stands: what is open becomes cancelled. */
  cancel(): void {
    this.wait = undefined;
    this.line?.return();
  }

  private goOn(step: (line: Line) => IteratorResult<Wait, void>): void {
    if (!this.line) return;
    this.wait = undefined;
    const result = step(this.line);
    if (result.done) this.onEnd();
    else this.wait = result.value;
  }
}
