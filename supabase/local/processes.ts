import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a process with this id exists (a zombie counts as gone). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

/** The command line of a running process, empty when it cannot be read. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    try {
      return execFileSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }).trim();
    } catch {
      return '';
    }
  }
}

/** The processes above this one, the nearest first. */
export function ancestors(): number[] {
  const found: number[] = [];
  for (let pid = process.ppid; pid > 1 && !found.includes(pid); pid = parentOf(pid)) found.push(pid);
  return found;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    try {
      return Number(execFileSync('ps', ['-p', String(pid), '-o', 'ppid='], { encoding: 'utf8' }));
    } catch {
      return 0;
    }
  }
}

/** Waits until a process is gone; false when it still runs after `timeout` ms. */
export async function waitForExit(pid: number, timeout: number): Promise<boolean> {
  for (const end = Date.now() + timeout; isAlive(pid); await sleep(15)) {
    if (Date.now() > end) return false;
  }
  return true;
}

/**
 * Stops a process: `signal` first, SIGKILL when it has not ended after `timeout` ms.
 * Resolves when it is gone.
 */
export async function endProcess(pid: number, signal: NodeJS.Signals, timeout = 5_000): Promise<void> {
  for (const next of [signal, 'SIGKILL'] as const) {
    try {
      process.kill(pid, next);
    } catch {
      return;
    }
    if (await waitForExit(pid, timeout)) return;
  }
}
