import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { publishChain } from './support.ts';

const { sql } = await useEngineDatabase();

it('every SQL example of docs/schedules.md runs as it stands there', async () => {
  const { id } = await publishChain(sql);
  const page = readFileSync('docs/schedules.md', 'utf8');
  const examples = [...page.matchAll(/^```sql\n(.*?)^```/gms)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThan(4);
  for (const example of examples) await sql.unsafe(example.replaceAll('<workflow id>', id)).simple();
  const rows =
    await sql`select name, cron, every::text, enabled, overlap_policy from public.scheduled_workflows order by id`;
  expect(rows).toMatchObject([
    { name: 'Weekday digest', cron: '0 9 * * MON-FRI', enabled: true, overlap_policy: 'skip' },
    { every: null, cron: null },
    { every: '00:15:00' },
  ]);
});
