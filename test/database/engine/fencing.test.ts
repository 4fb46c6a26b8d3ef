import { afterEach, describe, expect, it } from 'vitest';
import type { Claim } from '../../../functions/worker/claim.ts';
import { chain, claimOne, loseLeases, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const { sql } = await useEngineDatabase();

afterEach(() => sql`truncate public.workflow_executions cascade`);

const enter = ({ strand_id, token }: Claim) => sql`select workflow.enter_step(${strand_id}, ${token})`;

describe('a lease', () => {
  it.each([
    ['its step’s timeout', { timeout: '90s' }, 90_000],
    ['the default timeout, where the step names none', {}, 60_000],
  ])('lasts %s, and the grace of ten seconds', async (_case, rest, timeout) => {
    await start(sql, await publish(sql, { steps: [{ ...chain('one')[0], ...rest }] }));
    const [before] = await sql`select clock_timestamp() as at`;
    const claimed = await claimOne(sql);
    const [after] = await sql`select clock_timestamp() as at`;
    expect(claimed.timeout_ms).toBe(timeout);
    const [lease] = await sql<{ ends: Date }[]>`
      select expires_at - ${timeout / 1000 + 10} * interval '1 second' as ends from workflow.leases`;
    expect(lease?.ends.getTime()).toBeGreaterThanOrEqual(before?.at.getTime());
    expect(lease?.ends.getTime()).toBeLessThanOrEqual(after?.at.getTime());
  });
});

describe('a worker that enters the transaction of its action', () => {
  it('is let in while it holds the claim, and no statement, lock or pause may outlast its lease', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    const { strand_id, token } = await claimOne(sql);
    const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
    const limits = await sql.begin(async (tx) => {
      await tx`select workflow.enter_step(${strand_id}, ${token})`;
      return tx`
        select current_setting(name)::interval > '0' and current_setting(name)::interval <= '70 seconds' as limited
        from unnest(${names}::text[]) name`;
    });
    expect(limits).toEqual(names.map(() => ({ limited: true })));
  });

  it.each([
    ['when the lease has run out', () => sql`update workflow.leases set expires_at = clock_timestamp()`],
    [
      'when another worker has the step',
      async () => {
        await loseLeases(sql);
        await claimOne(sql);
      },
    ],
    ['when the execution has ended', () => sql`update public.workflow_executions set status = 'cancelled'`],
  ])('is refused with stale_claim %s', async (_case, happens) => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    const claimed = await claimOne(sql);
    await happens();
    await expect(enter(claimed)).rejects.toMatchObject({ detail: 'stale_claim' });
  });
});
