import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import type { Json } from '../../../shared/errors.ts';
import {
  chain,
  claim,
  claimOne,
  execution,
  leftovers,
  publish,
  start,
  statuses,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { runAsMember, useWorker } from '../../support/worker.ts';

// The transaction of a database action, with the worker's own code.

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;

const setting = (name: string) => `current_setting('${name}', true)`;

registerActionHandler(
  'test.write',
  async (params, { db, organizationId }) => {
    const { email, fail } = params as { email: string; fail?: boolean };
    await db.insertInto('public.leads').values({ organization_id: organizationId, email }).execute();
    if (fail) throw new Error('It broke.');
    return null;
  },
  { kind: 'database' },
);
registerActionHandler(
  'test.readClaims',
  async (_, { db }) => {
    const [row] = await db
      .selectNoFrom((eb) => eb.fn('current_setting', [eb.val('request.jwt.claims')]).as('claims'))
      .execute();
    return JSON.parse(row?.claims as string) as Json;
  },
  { kind: 'database' },
);

const act = (action: string, params: object = {}) => ({ id: 'act', type: 'action', action, params });

beforeAll(async () => {
  // What the engine's own writes after the action are made as.
  await sql.unsafe(`
    create table public.reports (status text, role name, claims text, statement_timeout text, cause jsonb);
    create function public.note_report() returns trigger language plpgsql security invoker as $$
    begin
      insert into public.reports values (new.status, current_user, ${setting('request.jwt.claims')},
        ${setting('statement_timeout')}, nullif(${setting('workflow.cause')}, '')::jsonb);
      return null;
    end $$;
    create trigger note_report after update on public.workflow_execution_steps
      for each row when (new.status in ('succeeded', 'failed')) execute function public.note_report()`);
});

beforeEach(() => sql`truncate public.reports`);

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
  await sql`delete from public.leads`;
});

const leads = async () =>
  (await sql`select email from public.leads order by email`).map(({ email }) => email);

describe('the transaction of a database action', () => {
  it('has the claims of the user the workflow runs as: sub, role and current app_metadata', async () => {
    const workflow = await publish(sql, { steps: [act('test.readClaims')] });
    const user = await runAsMember(sql, workflow);
    await sql`update auth.users set raw_app_meta_data = '{"plan": "pro"}' where id = ${user}`;
    const id = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    expect((await execution(sql, id)).output).toMatchObject({
      sub: user,
      role: 'authenticated',
      app_metadata: { plan: 'pro' },
    });
  });

  it.each([false, true])('reports as the engine, without the user (failed: %s)', async (fail) => {
    const workflow = await publish(sql, { steps: [act('test.write', { email: 'a@example.com', fail })] });
    await runAsMember(sql, workflow);
    await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    expect(await sql`select status, role, nullif(claims, '') as claims from public.reports`).toEqual([
      { status: fail ? 'failed' : 'succeeded', role: 'postgres', claims: null },
    ]);
  });

  it('commits the action together with the result and the successor, or nothing of it', async () => {
    const workflow = await publish(sql, {
      steps: [act('test.write', { email: 'a@example.com' }), ...chain('after')],
    });
    await runAsMember(sql, workflow);
    const id = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    const [lead] = await sql`select xmin::text from public.leads`;
    const steps = await sql`select path, xmin::text from public.workflow_execution_steps order by id`;
    expect(steps).toEqual(['act', 'after'].map((path) => ({ path, xmin: lead?.xmin })));
    expect(await statuses(sql, id)).toEqual({ act: 'succeeded', after: 'queued' });
  });

  it('rolls an error back to its savepoint and reports it in the same transaction', async () => {
    const workflow = await publish(sql, {
      steps: [act('test.write', { email: 'a@example.com', fail: true })],
    });
    await runAsMember(sql, workflow);
    const id = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    expect(await leads()).toEqual([]);
    expect(await execution(sql, id)).toMatchObject({ status: 'failed', error: { message: 'It broke.' } });
    // enter_step sets it for its own transaction only.
    expect(await sql`select cause ->> 'execution_id' as id from public.reports`).toEqual([{ id }]);
  });

  it('is the cause of what it writes: executions that it starts are one deeper', async () => {
    await sql`select workflow.watch_table('public.leads')`;
    const workflow = await publish(sql, { steps: [act('test.write', { email: 'a@example.com' })] });
    const trigger = { type: 'event', table: 'leads', events: ['insert'] };
    const started = await publish(sql, { trigger, steps: chain('one') }, workflow.organizationId);
    await runAsMember(sql, workflow);
    const id = await start(sql, workflow);
    await sql`update public.workflow_executions set depth = 3 where id = ${id}`;
    await worker.run([await claimOne(sql)]);
    const caused = await sql`
      select caused_by, depth from public.workflow_executions where workflow_id = ${started.id}`;
    expect(caused).toEqual([{ caused_by: id, depth: 4 }]);
    await sql`select workflow.unwatch_table('public.leads')`;
  });

  it('holds one action: those of a set run one by one, each in its own', async () => {
    const workflow = await publish(sql, {
      steps: [act('test.write', { email: { $: 'input.email' } })],
    });
    await runAsMember(sql, workflow);
    const emails = ['a@example.com', 'b@example.com', 'c@example.com'];
    for (const email of emails) await start(sql, workflow, { email });
    await worker.run(await claim(sql, 10));
    expect(await leads()).toEqual(emails);
    const commits = await sql`
      select l.xmin::text from public.leads l union select s.xmin::text from public.workflow_execution_steps s`;
    expect(commits).toHaveLength(emails.length);
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });
});

describe('a COMMIT that fails', () => {
  // Deferred again after the action's own deferred constraints: it is the engine's write that fails at the end.
  const failAtCommit = `
    create function public.defer_again() returns trigger language plpgsql as $$
    begin
      set constraints all deferred;
      return new;
    end $$;
    create trigger defer_again before update on public.workflow_execution_steps
      for each row execute function public.defer_again();
    create function public.fail_late() returns trigger language plpgsql as $$
    begin
      raise exception 'too late' using errcode = '23514', detail = 'refused_late';
    end $$;
    create constraint trigger fail_late after update on public.workflow_execution_steps
      deferrable initially deferred for each row when (new.status = 'succeeded') execute function public.fail_late()`;

  it('leaves nothing of the action, and is reported in a new transaction', async () => {
    await sql.unsafe(failAtCommit);
    const workflow = await publish(sql, { steps: [act('test.write', { email: 'a@example.com' })] });
    await runAsMember(sql, workflow);
    const id = await start(sql, workflow);
    await worker.run([await claimOne(sql)]);
    await sql`drop function public.defer_again(), public.fail_late() cascade`;
    expect(await leads()).toEqual([]);
    expect(await execution(sql, id)).toMatchObject({
      status: 'failed',
      error: { code: 'refused_late', message: 'too late', step: 'act' },
    });
    // Without enter_step there is no cause: another transaction than the action's.
    expect(await sql`select status, cause from public.reports`).toEqual([{ status: 'failed', cause: null }]);
    expect(await leftovers(sql)).toEqual({ strands: 0, leases: 0, timers: 0, messages: 0 });
  });
});
