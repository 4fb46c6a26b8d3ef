import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { chain, claim, claimOne, execution, publish, start, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;
const other = database.connect();

registerActionHandler(
  'test.touch',
  async (_, { db, organizationId }) => {
    await db
      .updateTable('public.leads')
      .set({ source: 'touched' })
      .where('organization_id', '=', organizationId)
      .execute();
    return null;
  },
  { kind: 'database' },
);
registerActionHandler(
  'test.limits',
  async (_, { db }) => {
    const limit = () =>
      db
        .selectNoFrom((eb) => eb.fn('current_setting', [eb.val('statement_timeout')]).as('limit'))
        .executeTakeFirst();
    const first = await limit();
    await new Promise((wake) => setTimeout(wake, 200));
    return [first?.limit, (await limit())?.limit] as string[];
  },
  { kind: 'database' },
);
registerActionHandler(
  'test.limitsAfterAttempt',
  async (_, { db }) => {
    const limit = () =>
      db
        .selectNoFrom((eb) => eb.fn('current_setting', [eb.val('statement_timeout')]).as('limit'))
        .executeTakeFirst();
    const failed = db.attempt(async () => {
      await new Promise((wake) => setTimeout(wake, 200));
      const inside = await limit();
      throw new Error(inside?.limit as string);
    });
    const inside = await failed.catch((error: Error) => error.message);
    return [inside, (await limit())?.limit] as string[];
  },
  { kind: 'database' },
);

const act = (action: string, timeout: string) => ({ id: 'act', type: 'action', action, params: {}, timeout });

const units: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** Postgres shows a setting in the largest unit that keeps it whole: `30s`, `29800ms`. */
const milliseconds = (shown: string) =>
  Number.parseInt(shown, 10) * (units[shown.replace(/\d+/, '')] ?? Number.NaN);

beforeAll(async () => {
  // Whoever waits for the lease to end will not see the end of this test.
  await sql`update workflow.settings set lease_grace = '1 hour'`;
});

afterEach(() => sql`truncate public.workflow_executions cascade`);

async function prepared(step: object) {
  const workflow = await publish(sql, { steps: [step, ...chain('after')] });
  await runAsMember(sql, workflow);
  await sql`insert into public.leads (organization_id, email) values (${workflow.organizationId}, 'a@example.com')`;
  return { ...workflow, execution: await start(sql, workflow) };
}

describe('a database action', () => {
  it('that waits for a lock is cancelled at its step’s timeout, not at the end of the lease', async () => {
    const { execution: id, organizationId } = await prepared(act('test.touch', '300ms'));
    const claimed = await claimOne(sql);
    await other.begin(async (tx) => {
      await tx`select from public.leads where organization_id = ${organizationId} for update`;
      await worker.run([claimed]);
      expect(await statuses(sql, id)).toEqual({ act: 'failed' });
    });
    expect((await execution(sql, id)).error).toMatchObject({
      code: 'timeout',
      message: 'The step did not finish within 0.3 s.',
      retryable: true,
    });
  });

  it('gives a statement what is left of its timeout, not all of it again', async () => {
    const { execution: id } = await prepared(act('test.limits', '30s'));
    await worker.run([await claimOne(sql)]);
    const [step] = await sql`
      select output from public.workflow_execution_steps where execution_id = ${id} and path = 'act'`;
    const [first, second] = ((step?.output ?? []) as string[]).map(milliseconds);
    expect(first).toBeLessThanOrEqual(30_000);
    expect(second).toBeLessThanOrEqual(29_800);
  });

  it('that takes something back keeps to what is left of its timeout', async () => {
    const { execution: id } = await prepared(act('test.limitsAfterAttempt', '30s'));
    await worker.run([await claimOne(sql)]);
    const [step] = await sql`
      select output from public.workflow_execution_steps where execution_id = ${id} and path = 'act'`;
    for (const limit of (step?.output ?? ['none']) as string[])
      expect(milliseconds(limit)).toBeLessThanOrEqual(29_800);
  });

  it('leaves the rest of the lease to its report, however it ended', async () => {
    await sql.unsafe(`
      create table public.limits (status text, statement_timeout text);
      create function public.note_limit() returns trigger language plpgsql as $$
      begin
        insert into public.limits values (new.status, current_setting('statement_timeout'));
        return null;
      end $$;
      create trigger note_limit after update on public.workflow_execution_steps
        for each row when (new.status in ('succeeded', 'failed')) execute function public.note_limit()`);
    await prepared(act('test.touch', '30s'));
    await worker.run([await claimOne(sql)]);
    const { organizationId } = await prepared(act('test.touch', '300ms'));
    const late = (await claim(sql, 10)).filter(({ path }) => path === 'act');
    await other.begin(async (tx) => {
      await tx`select from public.leads where organization_id = ${organizationId} for update`;
      await worker.run(late);
    });
    const limits = await sql<{ status: string; statement_timeout: string }[]>`select * from public.limits`;
    await sql`drop function public.note_limit() cascade`;
    expect(limits.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
    for (const { statement_timeout } of limits)
      expect(milliseconds(statement_timeout)).toBeGreaterThanOrEqual(units.h ?? 0);
  });
});
