import type { Sql } from 'postgres';
import { describe, expect, it } from 'vitest';
import {
  chain,
  claim,
  claimOne,
  complete,
  execution,
  leftovers,
  outcome,
  publish,
  start,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const [one, two] = [database.connect(), database.connect()] as [Sql, Sql];
const nothing = { strands: 0, leases: 0, timers: 0, messages: 0 };
const rounds = 300;

/** Both at once, each in a session of its own; what either throws is returned, never lost. */
const together = (a: Promise<unknown>, b: Promise<unknown>) => Promise.allSettled([a, b]);

/** Errors that two sessions in each other's way must never see. */
function deadlocks(settled: PromiseSettledResult<unknown>[]): string[] {
  return settled.flatMap((result) =>
    result.status === 'rejected' && result.reason.detail !== 'stale_claim' ? [String(result.reason)] : [],
  );
}

/** Resolves when some session waits for a lock. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const waiting = await database.sql`
      select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    if (waiting.length > 0) return;
  }
}

describe('two sessions in each other’s way', () => {
  it(`cancel against complete: no deadlock and nothing left in ${rounds} rounds`, {
    timeout: 60_000,
  }, async () => {
    const workflow = await publish(database.sql, { steps: chain('step', 'after') });
    for (let round = 0; round < rounds; round += 1) {
      const id = await start(one, workflow);
      const claimed = await claimOne(one);
      const settled = await together(
        one`update public.workflow_executions set status = 'cancelled' where id = ${id}`,
        complete(two, outcome(claimed), 'queue'),
      );
      expect(deadlocks(settled)).toEqual([]);
      expect((await execution(one, id)).status).toBe('cancelled');
    }
    expect(await leftovers(one)).toEqual(nothing);
  });

  it('cancel while a completion really waits: the later one finds the execution ended', async () => {
    const id = await start(one, await publish(database.sql, { steps: chain('step', 'after') }));
    const claimed = await claimOne(one);
    let completing: Promise<unknown> = Promise.resolve();
    await one.begin(async (tx) => {
      await tx`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
      completing = complete(two, outcome(claimed)).catch((error) => error.detail);
      await somebodyWaits();
    });
    expect(await completing).toBe('stale_claim');
    expect(await leftovers(one)).toEqual(nothing);
  });

  it(`two completions of the same executions, crossing: each step ends once in ${rounds} rounds`, {
    timeout: 60_000,
  }, async () => {
    const workflow = await publish(database.sql, { steps: chain('step') });
    for (let round = 0; round < rounds; round += 1) {
      const ids = [await start(one, workflow), await start(one, workflow)];
      const claims = await claim(one, 2);
      const outcomes = claims.map((claimed) => outcome(claimed));
      const settled = await together(complete(one, outcomes), complete(two, [...outcomes].reverse()));
      expect(deadlocks(settled)).toEqual([]);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const id of ids)
        expect(await execution(one, id)).toMatchObject({ status: 'succeeded', steps_done: 1 });
    }
    expect(await leftovers(one)).toEqual(nothing);
  });

  it(`start against retire: no work without a worker in ${rounds} rounds`, { timeout: 60_000 }, async () => {
    const workflow = await publish(database.sql, { steps: chain('step') });
    await one`update workflow.settings set max_slots = 1`;
    await one`select vault.create_secret('http://127.0.0.1:9', 'project_url'), vault.create_secret('key', 'secret_key')`;
    let retirements = 0;
    for (let round = 0; round < rounds; round += 1) {
      const [row] = await one<
        { slot: { id: number; token: string } }[]
      >`select workflow.acquire_slot() as slot`;
      const { id, token } = row?.slot ?? { id: 0, token: '' };
      await one`delete from net.http_request_queue`;
      const [, retired] = await Promise.all([
        start(one, workflow),
        two`select workflow.retire(${id}, ${token}) as answer`.then(
          ([answer]) => answer?.answer.retired as boolean,
        ),
      ]);
      // Either the slot's holder still looks after the queue, or somebody new was woken.
      const [posts] = await one`select count(*)::int as count from net.http_request_queue`;
      if (retired) {
        retirements += 1;
        expect(posts?.count).toBeGreaterThan(0);
      }
      for (const claimed of await claim(one, 1)) await complete(one, outcome(claimed));
      await one`update workflow.slots set expires_at = '-infinity'`;
    }
    expect(retirements).toBeGreaterThan(0);
    expect(retirements).toBeLessThan(rounds);
    await one`update workflow.settings set max_slots = default`;
  });

  it(`publish against start: every execution runs a version that was active in ${rounds / 10} rounds`, async () => {
    const workflow = await publish(database.sql, { steps: chain('step') });
    for (let round = 0; round < rounds / 10; round += 1) {
      const settled = await together(
        start(one, workflow),
        two`insert into public.workflow_versions (workflow_id, version, definition, plan)
          select workflow_id, 1, definition, plan from public.workflow_versions where workflow_id = ${workflow.id} and version = 1`,
      );
      expect(deadlocks(settled)).toEqual([]);
      for (const claimed of await claim(one, 5)) await complete(one, outcome(claimed));
    }
    expect(await leftovers(one)).toEqual(nothing);
  });
});
