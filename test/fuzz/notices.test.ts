import { expect, it, onTestFinished } from 'vitest';
import { cloneDatabase } from '../support/platform.ts';
import { check } from './check.ts';
import { type Lab, openLab } from './drive/lab.ts';
import { DEFAULT_FEATURES } from './features.ts';

/** Breaks the engine at one place: what a trigger makes of every row that is written there. */
const breakAt = (table: string, moment: string, body: string) => `
  create function workflow.break_it() returns trigger language plpgsql as $$ begin ${body} end $$;
  create trigger break_it ${moment} on ${table} for each row execute function workflow.break_it()`;

const faults: [name: string, sql: string, sign: RegExp][] = [
  [
    'a handled step that is not marked so',
    breakAt('public.workflow_execution_steps', 'before update', 'new.handled := false; return new;'),
    /≠ .*: handled/,
  ],
  [
    'a delay whose timer is lost',
    breakAt('workflow.timers', 'before insert', "return case when new.kind <> 'delay' then new end;"),
    /≠ .*: status/,
  ],
  [
    'a retry that counts twice',
    breakAt(
      'public.workflow_execution_steps',
      'before update of attempt',
      'new.attempt := old.attempt + 2; return new;',
    ),
    /≠ .*: attempts|ran as attempt/,
  ],
  [
    'a loop that opens one iteration too many at a time',
    breakAt('workflow.forks', 'before insert', 'new.concurrency := new.concurrency + 1; return new;'),
    /there should be no step run/,
  ],
  [
    'messages that are left behind',
    `create or replace function workflow.drop_messages(p_messages bigint[]) returns void
      language plpgsql set search_path = '' as $$ begin end $$`,
    /Left behind: \{"messages":/,
  ],
];

/** The first disagreement. */
async function fuzz(lab: Lab, most: number): Promise<string> {
  for (let seed = 0; seed < most; seed += 1) {
    const { disagreement } = await check(lab, seed, DEFAULT_FEATURES);
    if (disagreement) return disagreement;
  }
  return 'none';
}

it.each(faults)('%s is noticed', async (_, sql, sign) => {
  const lab = await openLab(await cloneDatabase());
  onTestFinished(() => lab.close());
  await lab.engine.sql.unsafe(sql);
  const disagreement = await fuzz(lab, 50);
  expect(disagreement).toMatch(sign);
  expect(disagreement).toMatch(/Repeat it with: npm run fuzz -- --count 1 --seed \d+/);
});
