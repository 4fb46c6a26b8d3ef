import { afterEach, describe, expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { chain, claimOne, execution, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

let clock = 0;
const database = await useEngineDatabase();
const worker = useWorker(database, { now: () => clock });
const { sql } = database;

let calls = 0;
registerActionHandler('test.call', () => {
  calls += 1;
  return null;
});

afterEach(() => sql`truncate public.workflow_executions cascade`);

const leave = (user: string) => sql`delete from public.organization_members where user_id = ${user}`;

const pure = {
  transform: chain('one'),
  condition: [{ id: 'one', type: 'condition', if: 'true', then: chain('two') }],
  skipped: [{ id: 'one', type: 'transform', output: 1, when: 'false' }],
  delay: [{ id: 'one', type: 'delay', for: '1h' }],
};

describe('when the user a workflow runs as has left the organisation', () => {
  it.each(Object.entries(pure))('a %s fails with run_as_not_member', async (_type, steps) => {
    const workflow = await publish(sql, { steps });
    await leave(await runAsMember(sql, workflow));
    const id = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'run_as_not_member', hint: expect.stringContaining('publish the workflow again') },
    });
  });

  it('pure steps go on for at most five seconds, in which one look serves them all', async () => {
    const workflow = await publish(sql, { steps: chain('one', 'two', 'three') });
    const user = await runAsMember(sql, workflow);
    const id = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    await leave(user);
    clock += 4_999;
    await worker.run([await claimOne(sql)]);
    clock += 1;
    await worker.run([await claimOne(sql)]);
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'run_as_not_member', step: 'three' },
    });
  });

  it('calls to the outside end at once', async () => {
    const call = { id: 'call', type: 'action', action: 'test.call', params: {} };
    const workflow = await publish(sql, { steps: [...chain('one'), call] });
    const user = await runAsMember(sql, workflow);
    const id = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    await leave(user);
    await worker.run([await claimOne(sql)]);
    expect((await execution(sql, id)).error).toMatchObject({ code: 'run_as_not_member', step: 'call' });
    expect(calls).toBe(0);
  });

  it('and has come back, the next step runs', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    const user = await runAsMember(sql, workflow);
    await leave(user);
    const refused = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    await sql`insert into public.organization_members (organization_id, user_id, role)
      values (${workflow.organizationId}, ${user}, 'viewer')`;
    const again = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    expect([(await execution(sql, refused)).status, (await execution(sql, again)).status]).toEqual([
      'failed',
      'succeeded',
    ]);
  });
});
