import postgres from 'postgres';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chain, publish } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const company = crypto.randomUUID();

beforeAll(async () => {
  const { sql } = database;
  await sql`create table public.orders (id int primary key, company_id uuid not null, status text, amount int)`;
  await sql`select workflow.watch_table('public.orders', tenant_column => 'company_id')`;
});

beforeEach(async () => {
  const { sql } = database;
  await sql`delete from public.workflows`;
  await sql`truncate public.orders, public.workflow_executions, public.workflow_audit_log cascade`;
});

const watching = (trigger: object, organization = company) =>
  publish(
    database.sql,
    { trigger: { type: 'event', table: 'orders', ...trigger }, steps: chain('one') },
    organization,
  );

const started = () => database.sql<
  { workflow_id: string; trigger: { operation: string; record: { id: number } } }[]
>`
  select workflow_id, trigger from public.workflow_executions order by (trigger -> 'record' ->> 'id')::int, id`;

const insertOrders = (count: number, organization = company) => database.sql`
  insert into public.orders select n, ${organization}, 'new', n * 10 from generate_series(1, ${count}::int) n`;

describe('rows of a watched table', () => {
  it('start the workflows of their own organisation, and no other', async () => {
    const mine = await watching({ events: ['insert'] });
    await watching({ events: ['insert'] }, crypto.randomUUID());
    await insertOrders(1);
    expect(await started()).toMatchObject([
      {
        workflow_id: mine.id,
        trigger: {
          type: 'event',
          table: 'public.orders',
          operation: 'INSERT',
          record: { id: 1, amount: 10 },
          old_record: null,
        },
      },
    ]);
  });

  it('start one execution each in a bulk insert', async () => {
    await watching({ events: ['insert'] });
    await insertOrders(500);
    expect(await started()).toHaveLength(500);
  });

  it('are filtered by the rule tree, with the variables of the workflow', async () => {
    const { sql } = database;
    await publish(
      sql,
      {
        trigger: {
          type: 'event',
          table: 'orders',
          events: ['insert'],
          filter: { all: [{ field: 'record.amount', op: 'gte', ref: 'variables.threshold' }] },
        },
        variables: { threshold: 40 },
        steps: chain('one'),
      },
      company,
    );
    await insertOrders(5);
    expect((await started()).map(({ trigger }) => trigger.record.id)).toEqual([4, 5]);
  });

  it('that are updated bring old and new record, paired by primary key', async () => {
    const { sql } = database;
    await watching({ events: ['update'] });
    await insertOrders(2);
    await sql`update public.orders set amount = amount + 1`;
    expect((await started()).map(({ trigger }) => trigger)).toMatchObject([
      { operation: 'UPDATE', record: { id: 1, amount: 11 }, old_record: { id: 1, amount: 10 } },
      { operation: 'UPDATE', record: { id: 2, amount: 21 }, old_record: { id: 2, amount: 20 } },
    ]);
  });

  it('start only when one of the named columns has changed', async () => {
    const { sql } = database;
    await watching({ events: ['update'], columns: ['status'] });
    await insertOrders(2);
    await sql`update public.orders set amount = 0`;
    expect(await started()).toHaveLength(0);
    await sql`update public.orders set status = 'paid' where id = 2`;
    expect((await started()).map(({ trigger }) => trigger.record.id)).toEqual([2]);
  });

  it('whose key changes count as deleted and inserted', async () => {
    const { sql } = database;
    await watching({ events: ['insert', 'update', 'delete'] });
    await sql`insert into public.orders values (1, ${company}, 'new', 1)`;
    await sql`update public.orders set id = 7`;
    expect((await started()).map(({ trigger }) => trigger.operation).sort()).toEqual([
      'DELETE',
      'INSERT',
      'INSERT',
    ]);
  });

  it('that are deleted bring the old record', async () => {
    const { sql } = database;
    await watching({ events: ['delete'] });
    await insertOrders(1);
    await sql`delete from public.orders`;
    expect(await started()).toMatchObject([
      { trigger: { operation: 'DELETE', old_record: { id: 1 }, record: null } },
    ]);
  });

  it('written by a workflow do not start it again, unless it allows that', async () => {
    const { sql } = database;
    const careful = await watching({ events: ['insert'] });
    const recursive = await watching({ events: ['insert'], allowSelf: true });
    for (const workflow of [careful, recursive]) {
      await sql.begin(async (tx) => {
        const cause = { workflow_id: workflow.id, execution_id: crypto.randomUUID(), depth: 3 };
        await tx`select set_config('workflow.cause', ${JSON.stringify(cause)}, true)`;
        await tx`insert into public.orders values (${workflow === careful ? 1 : 2}, ${company}, 'new', 1)`;
      });
    }
    const byOrder = (await started()).map(({ workflow_id, trigger }) => [workflow_id, trigger.record.id]);
    expect(byOrder).not.toContainEqual([careful.id, 1]);
    expect(byOrder).toContainEqual([recursive.id, 1]);
    expect(byOrder).toContainEqual([careful.id, 2]);
    expect(byOrder).toContainEqual([recursive.id, 2]);
    const depths = await sql`select distinct depth from public.workflow_executions`;
    expect(depths).toMatchObject([{ depth: 4 }]);
  });

  it('written at the end of too long a chain start nothing, and the audit log says so', async () => {
    const { sql } = database;
    await watching({ events: ['insert'] });
    await sql.begin(async (tx) => {
      const cause = { workflow_id: crypto.randomUUID(), execution_id: crypto.randomUUID(), depth: 10 };
      await tx`select set_config('workflow.cause', ${JSON.stringify(cause)}, true)`;
      await tx`insert into public.orders values (1, ${company}, 'new', 1)`;
    });
    expect(await started()).toHaveLength(0);
    const log = await sql`select event from public.workflow_audit_log`;
    expect(log).toMatchObject([{ event: 'depth_exceeded' }]);
  });

  it('are written even when a rule fails: that workflow is paused, the others start', async () => {
    const { sql } = database;
    const broken = await watching({
      events: ['insert'],
      filter: { field: 'record.amount', op: 'gte', value: 1 },
    });
    const sound = await watching({ events: ['insert'] });
    await sql`update workflow.event_triggers set filter = '{"no": "rule"}' where workflow_id = ${broken.id}`;
    await insertOrders(2);
    expect(await sql`select id from public.orders`).toHaveLength(2);
    expect((await started()).map(({ workflow_id }) => workflow_id)).toEqual([sound.id, sound.id]);
    const [paused] = await sql`select status from public.workflows where id = ${broken.id}`;
    expect(paused?.status).toBe('paused');
    const log = await sql`select event, workflow_id from public.workflow_audit_log`;
    expect(log).toMatchObject([{ event: 'trigger_failed', workflow_id: broken.id }]);
    await sql`insert into public.orders values (3, ${company}, 'new', 1)`;
    expect(await sql`select from public.workflow_audit_log`).toHaveLength(1);
    expect(await started()).toHaveLength(3);
  });
});

describe('a partitioned table', () => {
  it('is watched with all its partitions, new ones from the next sweep on', async () => {
    const { sql } = database;
    await sql.unsafe(`create table public.events (id int, company_id uuid, primary key (id)) partition by range (id);
      create table public.events_1 partition of public.events for values from (0) to (10)`);
    await sql`select workflow.watch_table('public.events', tenant_column => 'company_id')`;
    await publish(
      sql,
      { trigger: { type: 'event', table: 'events', events: ['insert'] }, steps: chain('one') },
      company,
    );
    await sql`insert into public.events values (1, ${company})`;
    await sql`insert into public.events_1 values (2, ${company})`;
    await sql.unsafe('create table public.events_2 partition of public.events for values from (10) to (20)');
    await sql`select workflow.sweep()`;
    await sql`insert into public.events_2 values (11, ${company})`;
    const triggers = (await started()).map(({ trigger }) => trigger);
    expect(triggers.map(({ record }) => record.id)).toEqual([1, 2, 11]);
    expect(triggers).toMatchObject(Array(3).fill({ table: 'public.events' }));
  });
});

describe('watching a table', () => {
  it.each([
    ['public.nowhere', 'unknown_table'],
    ['public.keyless', 'no_primary_key'],
    ['public.tenantless', 'no_tenant_column'],
    ['public.a_view', 'not_a_table'],
    ['auth.users', 'not_owner'],
  ])('%s is refused with %s and a hint', async (table, code) => {
    const { sql } = database;
    await sql`create table if not exists public.keyless (organization_id uuid)`;
    await sql`create table if not exists public.tenantless (id int primary key, organization_id text)`;
    await sql`create or replace view public.a_view as select 1 as id`;
    await expect(sql`select workflow.watch_table(${table})`).rejects.toMatchObject({
      detail: code,
      hint: expect.stringMatching(/.{10}/),
    });
  });

  it('is refused for a foreign table, alone and as a partition, with what to watch instead', async () => {
    const { sql, url } = database;
    const admin = postgres(url.replace('//postgres:', '//supabase_admin:'), { max: 1, onnotice: () => {} });
    await admin.unsafe(`
      create foreign data wrapper elsewhere;
      create server elsewhere foreign data wrapper elsewhere;
      create foreign table public.remote (id int, organization_id uuid) server elsewhere;
      create table public.parted (id int, organization_id uuid) partition by range (id);
      create foreign table public.parted_remote partition of public.parted for values from (0) to (10) server elsewhere;
      alter foreign table public.remote owner to postgres;
      alter table public.parted owner to postgres`);
    await admin.end();
    const watch = (table: string) => sql`select workflow.watch_table(${table})`;
    await expect(watch('public.remote')).rejects.toMatchObject({
      detail: 'not_a_table',
      hint: expect.stringContaining('tables behind'),
    });
    await expect(watch('public.parted')).rejects.toMatchObject({
      detail: 'foreign_partition',
      hint: expect.stringContaining('local partitions'),
    });
    expect(
      await sql`select from workflow.watched_tables where relation = 'public.parted'::regclass`,
    ).toHaveLength(0);
  });

  it('can be repeated and undone', async () => {
    const { sql } = database;
    await sql`create table public.notes (id int primary key, organization_id uuid)`;
    await sql`select workflow.watch_table('public.notes')`;
    await sql`select workflow.watch_table('public.notes')`;
    const triggers = () => sql`select tgname from pg_trigger where tgrelid = 'public.notes'::regclass`;
    expect(await triggers()).toHaveLength(3);
    await sql`select workflow.unwatch_table('public.notes')`;
    expect(await triggers()).toHaveLength(0);
  });

  it('is asked for when a workflow is published on a table that is not watched', async () => {
    const { sql } = database;
    await sql`create table public.unwatched (id int primary key, organization_id uuid)`;
    const publishing = publish(sql, {
      trigger: { type: 'event', table: 'unwatched', events: ['insert'] },
      steps: chain('a'),
    });
    await expect(publishing).rejects.toMatchObject({
      detail: 'table_not_watched',
      hint: expect.stringContaining('select workflow.watch_table'),
    });
  });
});
