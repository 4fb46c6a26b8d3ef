import type { Json } from '../../../shared/errors.ts';
import type { Strand } from './strand.ts';

export type Status = 'queued' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

export interface RunError {
  code: string;
  message: string;
}

/** A step that has failed and the way its error takes outwards. */
export class Failure extends Error {
  constructor(
    readonly error: RunError,
    /** Past every handler of its strand: a catch branch has failed. */
    readonly passesHandlers = false,
  ) {
    super(error.message);
  }
}

/** One step run. `loop.item[2]/send` is the address of step `send` in the third iteration of step `loop`. */
export class StepRun {
  status: Status = 'queued';
  handled = false;
  attempts = 1;
  output: Json = null;
  error: RunError | null = null;

  constructor(
    /** Address of the iteration or branch it is in; empty on the main line. */
    readonly scope: string,
    readonly path: string,
    readonly type: string,
    readonly iteration: number,
    readonly strand: Strand,
  ) {}

  get address(): string {
    return addressOf(this);
  }

  get hasEnded(): boolean {
    return this.status !== 'queued' && this.status !== 'waiting';
  }

  succeed(output: Json): void {
    this.status = 'succeeded';
    this.output = output;
  }

  fail(error: RunError): void {
    this.status = 'failed';
    this.error = error;
  }

  cancelIfOpen(): void {
    if (!this.hasEnded) this.status = 'cancelled';
  }
}

export function addressOf(run: { scope: string; path: string; type: string; iteration: number }): string {
  const name = run.type === 'iteration' ? `${run.path}[${run.iteration}]` : run.path;
  return run.scope === '' ? name : `${run.scope}/${name}`;
}
