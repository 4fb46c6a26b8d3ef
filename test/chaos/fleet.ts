import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FunctionProcess, startFunction } from '../../supabase/local/functions/process.ts';
import { pick } from './random.ts';
import type { CrashPlan } from './worker/crash.ts';

/** The worker processes. Each is started again as soon as it ends. */
export interface Fleet {
  /** The port of a worker that listens; waits for one up to five seconds. */
  port(): Promise<number | undefined>;
  /**
   * Kills a worker that listens with SIGKILL, unless fewer than half of them do: some work has to be under way.
   */
  kill(): Promise<boolean>;
  /** What the workers have announced in their logs, and how often: see `hit` and `unanswered` in `worker/`. */
  announced(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  size: number;
  /** So many are not killed by `kill`, and only these stall. */
  spared: number;
  env: Record<string, string>;
  plan: CrashPlan;
  logDir: string;
  random: () => number;
  onGiveUp(error: Error): void;
}

const entrypoint = fileURLToPath(new URL('./worker/index.ts', import.meta.url));

export function startFleet({ size, spared, env, plan, logDir, random, onGiveUp }: FleetOptions): Fleet {
  const logs: string[] = [];
  const workers = Array.from({ length: size }, (_, index) => {
    const logFile = join(logDir, `chaos-worker-${index}.log`);
    logs.push(logFile);
    const stall = index >= size - spared ? plan.stall : { probability: 0, milliseconds: 0 };
    const crashes = JSON.stringify({ ...plan, stall } satisfies CrashPlan);
    const name = `worker ${index}`;
    return startFunction({ name, entrypoint, logFile, onGiveUp, env: { ...env, CHAOS_CRASHES: crashes } });
  });

  const exposed = workers.slice(0, size - spared);
  const listening = async (among: FunctionProcess[]) => {
    const ports = await Promise.all(among.map((worker) => worker.port(1)));
    return among.filter((_, index) => ports[index] !== undefined);
  };
  return {
    async port() {
      const ready = pick(await listening(workers), random);
      return ready ? ready.port(1) : Promise.race(workers.map((worker) => worker.port(5_000)));
    },
    async kill() {
      const up = await listening(exposed);
      if (up.length < exposed.length / 2) return false;
      const pid = pick(up, random)?.pid();
      if (pid) process.kill(pid, 'SIGKILL');
      return pid !== undefined;
    },
    announced() {
      const counts = new Map<string, number>();
      for (const log of logs.filter((file) => existsSync(file))) {
        for (const line of readFileSync(log, 'utf8').split('\n')) {
          if (line.startsWith('@@')) counts.set(line, (counts.get(line) ?? 0) + 1);
        }
      }
      return counts;
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}
