import type { Check } from './checks.ts';

/** The checks as a table, the failed ones marked. */
export function table(rows: Check[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const line = (mark: string, name: string, expected: string, found: string) =>
    `${mark} ${name.padEnd(width)}  ${expected.padStart(8)}  ${found.padStart(8)}`;
  return [
    line(' ', 'check', 'expected', 'found'),
    ...rows.map(({ ok, name, expected, found }) => line(ok ? '✓' : '✗', name, expected, String(found))),
  ].join('\n');
}

/** Numbers on one line: `12 kills, 3 restarts`. */
export function sentence(numbers: Record<string, number>): string {
  return Object.entries(numbers)
    .map(([name, number]) => `${number} ${name}`)
    .join(', ');
}
