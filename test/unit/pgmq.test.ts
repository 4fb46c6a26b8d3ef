import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** What pgmq 1.4.4, 1.5.1 and 1.11 share, with the number of arguments that mean the same in all three. */
const shared: Record<string, number> = { create: 1, send: 2, send_batch: 3, read: 3, set_vt: 3, delete: 2 };

const migrations = readdirSync('supabase/migrations')
  .map((name) => readFileSync(`supabase/migrations/${name}`, 'utf8').replace(/--.*$/gm, ''))
  .join('\n');

/** How many arguments a call has whose opening parenthesis ends before `start`. */
function countArguments(sql: string, start: number): number {
  let depth = 0;
  let count = 1;
  for (const character of sql.slice(start)) {
    if (character === '(' || character === '[') depth += 1;
    if (character === ')' || character === ']') depth -= 1;
    if (depth < 0) break;
    if (character === ',' && depth === 0) count += 1;
  }
  return count;
}

it('only those functions of pgmq are called that all supported versions share', () => {
  const calls = [...migrations.matchAll(/\bpgmq\.(\w+)\(/g)].map((match) => ({
    name: match[1] ?? '',
    count: countArguments(migrations, match.index + match[0].length),
  }));
  expect(calls.length).toBeGreaterThan(5);
  expect(calls.filter(({ name, count }) => shared[name] !== count)).toEqual([]);
});

it('their columns are named, since versions differ in what they return', () => {
  const columns = [...migrations.matchAll(/\bfrom pgmq\.read\([^)]*\) (\w+);/g)].flatMap(([read, alias]) => {
    const statement = migrations.slice(0, migrations.indexOf(read)).split(';').at(-1) ?? '';
    return [...statement.matchAll(new RegExp(`\\b${alias}\\.(\\w+|\\*)`, 'g'))].map(([, column]) => column);
  });
  expect([...new Set(columns)].sort()).toEqual(['message', 'msg_id']);
  expect(migrations).not.toMatch(/\*\s+from\s+pgmq\./);
});
