import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import {
  chain,
  claimOne,
  execution,
  leftovers,
  loseLeases,
  publish,
  start,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;

registerActionHandler('test.call', () => 'called');
const call = { id: 'call', type: 'action', action: 'test.call', params: {}, onError: 'continue' };

beforeAll(async () => {
  await sql`select workflow.watch_table('public.leads')`;
  // Whoever asks for memberships gets an error as often as `faults` says. A sequence survives rollbacks.
  await sql.unsafe(`
    create table public.faults (code text, times int);
    create sequence public.asked;
    create or replace function workflow.member_organizations(p_role text) returns setof uuid
    language plpgsql security definer set search_path = '' as $$
    declare
      v_fault public.faults;
    begin
      select * into v_fault from public.faults;
      if nextval('public.asked') <= v_fault.times then
        raise exception 'in the way' using errcode = v_fault.code;
      end if;
      return query select organization_id from public.organization_members where user_id = auth.uid();
    end $$`);
});

afterEach(async () => {
  await sql`truncate public.faults, public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

async function fault(code: string, times: number): Promise<void> {
  await sql`alter sequence public.asked restart`;
  await sql`insert into public.faults values (${code}, ${times})`;
}

/** An execution whose first step looks for the record that started it. */
async function startedByRecord(): Promise<string> {
  const trigger = { type: 'event', table: 'leads', events: ['insert'] };
  const workflow = await publish(sql, { trigger, steps: [call, ...chain('after')] });
  await runAsMember(sql, workflow);
  await sql`insert into public.leads (organization_id, email) values (${workflow.organizationId}, 'a@example.com')`;
  const [row] = await sql`select id from public.workflow_executions where workflow_id = ${workflow.id}`;
  return row?.id;
}

/** An execution whose first step asks for membership only. */
async function startedByHand(): Promise<string> {
  const workflow = await publish(sql, { steps: [call, ...chain('after')] });
  await runAsMember(sql, workflow);
  return start(sql, workflow);
}

const looks = [
  ['for the record', startedByRecord],
  ['for the membership', startedByHand],
] as const;
const states = ['08006', '40001', '40P01', '55P03', '57014'];

describe.each(looks)('an error in looking %s', (_for, started) => {
  it.each(states)(
    'that passes (%s) is of no account: the look is repeated and the step runs',
    async (code) => {
      const id = await started();
      await fault(code, 1);
      await worker.run([await claimOne(sql)]);
      expect(await statuses(sql, id)).toEqual({ call: 'succeeded', after: 'queued' });
    },
  );

  it('that does not pass is not reported: the lease brings the step back', async () => {
    const id = await started();
    await fault('40001', 100);
    await expect(worker.run([await claimOne(sql)])).rejects.toMatchObject({ code: '40001' });
    expect(await statuses(sql, id)).toEqual({ call: 'running' });
    expect(await leftovers(sql)).toMatchObject({ leases: 1 });
    await sql`truncate public.faults`;
    await loseLeases(sql);
    await worker.run([await claimOne(sql)]);
    expect(await statuses(sql, id)).toEqual({ call: 'succeeded', after: 'queued' });
  });
});

it('any other error in looking for the record ends the execution past every handler', async () => {
  const id = await startedByRecord();
  await fault('22012', 1);
  await worker.run([await claimOne(sql)]);
  expect(await statuses(sql, id)).toEqual({ call: 'failed' });
  expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { terminal: true } });
});
