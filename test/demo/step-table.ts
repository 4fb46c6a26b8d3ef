import type { WriteStream } from 'node:tty';
import type { ExecutionSnapshot, StepRun } from '../../shared/client/index.ts';

const symbols: Record<string, string> = {
  queued: '·',
  running: '▶',
  waiting: '◷',
  succeeded: '✔',
  failed: '✘',
  skipped: '↷',
  cancelled: '■',
};

/** A table that is redrawn with each change on a terminal; elsewhere a line is printed for each change. */
export function createStepTable(out: WriteStream): { show(snapshot: ExecutionSnapshot): void } {
  let drawn = 0;
  const printed = new Set<string>();
  return {
    show({ steps }) {
      if (out.isTTY) {
        const lines = steps.map((step) => lineOf(step, out.columns));
        out.write(`${drawn ? `\x1b[${drawn}A` : ''}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`);
        drawn = lines.length;
        return;
      }
      for (const step of steps) {
        const key = `${step.id} ${step.status} ${step.attempt}`;
        if (!printed.has(key)) out.write(`${lineOf(step, 140)}\n`);
        printed.add(key);
      }
    },
  };
}

function lineOf(step: StepRun, width: number): string {
  const output = step.error ?? step.output;
  const text = `${symbols[step.status] ?? '?'} ${step.status.padEnd(10)} ${step.path.padEnd(16)} ${durationOf(step).padStart(7)}  ${output === null ? '' : JSON.stringify(output)}`;
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

function durationOf({ started_at, finished_at }: StepRun): string {
  if (!started_at || !finished_at) return '';
  return `${new Date(finished_at).getTime() - new Date(started_at).getTime()} ms`;
}
