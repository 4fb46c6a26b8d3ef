import { readdirSync, readFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import type { Row } from './report.ts';

/** Memory after all the above, from /proc; nothing where there is none. */
export function measureMemory({ platform }: Bench): Row[] {
  const { pids } = platform.state();
  const worker = pids.functions.worker ?? 0;
  const own = [pids.platform, worker, ...childrenOf(pids.postgres ?? 0)];
  const total = own.reduce((sum, pid) => sum + proportionalMegabytes(pid), 0);
  if (!total) return [];
  return [
    { name: 'worker process, resident', value: residentMegabytes(worker), unit: 'MB', target: { most: 200 } },
    { name: 'whole platform, shared pages counted once', value: total, unit: 'MB', target: { most: 1_024 } },
  ];
}

const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const residentMegabytes = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;

const proportionalMegabytes = (pid: number) =>
  Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;

function childrenOf(parent: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[1]) === parent);
  return [parent, ...children];
}
