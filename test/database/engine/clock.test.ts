import { afterEach, describe, expect, it } from 'vitest';
import { advance, chain, claim, claimOne, complete, outcome, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const { sql } = await useEngineDatabase();

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`update workflow.settings set clock_offset = '0'`;
});

describe('the engine’s clock', () => {
  it('is what steps are told, and moves with its offset', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    await advance(sql, '90 days');
    const [later] = await sql`select clock_timestamp() + interval '89 days' as at`;
    expect(new Date((await claimOne(sql)).now).getTime()).toBeGreaterThan(later?.at.getTime());
  });

  it('does not move leases: a worker keeps its step while 90 days pass', async () => {
    await start(sql, await publish(sql, { steps: chain('one') }));
    const claimed = await claimOne(sql);
    await advance(sql, '90 days');
    await sql`select workflow.sweep()`;
    expect(await claim(sql)).toEqual([]);
    await complete(sql, outcome(claimed));
  });

  it('does not move durations: steps begin and end when they do', async () => {
    const id = await start(sql, await publish(sql, { steps: chain('one') }));
    const claimed = await claimOne(sql);
    await advance(sql, '90 days');
    await complete(sql, outcome(claimed));
    const [step] = await sql`
      select greatest(s.finished_at, e.finished_at) <= clock_timestamp() as now
      from public.workflow_execution_steps s join public.workflow_executions e on e.id = s.execution_id
      where e.id = ${id}`;
    expect(step?.now).toBe(true);
  });

  it.each(['anon', 'authenticated', 'service_role'])('cannot be moved by %s', async (role) => {
    const moving = sql.begin(async (tx) => {
      await tx`select set_config('role', ${role}, true)`;
      await tx`update workflow.settings set clock_offset = '1 day'`;
    });
    await expect(moving).rejects.toMatchObject({ code: '42501' });
  });
});
