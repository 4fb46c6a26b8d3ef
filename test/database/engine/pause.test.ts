import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  advance,
  chain,
  claim,
  claimOne,
  complete,
  outcome,
  publish,
  start,
  type TestWorkflow,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const { sql } = await useEngineDatabase();
const company = randomUUID();

beforeAll(async () => {
  await sql`create table public.orders (id int primary key, company_id uuid not null, amount int not null)`;
  await sql`select workflow.watch_table('public.orders', tenant_column => 'company_id')`;
});

afterEach(async () => {
  await sql`truncate public.workflows, public.workflow_executions, public.workflow_audit_log cascade`;
  await sql`truncate public.orders`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

/** Publishes and pauses a workflow of orders above ten. */
async function paused(settings: object): Promise<TestWorkflow> {
  const filter = { field: 'record.amount', op: 'gt', value: 10 };
  const trigger = { type: 'event', table: 'orders', events: ['insert'], filter };
  const workflow = await publish(sql, { trigger, steps: chain('one') }, company);
  await sql`update public.workflows set status = 'paused', settings = ${sql.json(settings as never)} where id = ${workflow.id}`;
  return workflow;
}

const resume = ({ id }: TestWorkflow) => sql`update public.workflows set status = 'active' where id = ${id}`;
const executions = () => sql`select status, trigger from public.workflow_executions order by id`;
const log = () => sql`select event, workflow_id, details from public.workflow_audit_log`;
const order = (...amounts: number[]) => sql`
  insert into public.orders select n, ${company}, amount from unnest(${amounts}::int[]) with ordinality o(amount, n)`;

describe.each([
  ['by default', {}],
  ['with whenPaused queue', { whenPaused: 'queue' }],
])('a paused workflow %s', (_case, settings) => {
  it('lets what starts it wait, and begins with that when it is resumed', async () => {
    const workflow = await paused(settings);
    await order(5, 50);
    await start(sql, workflow);
    expect(await executions()).toMatchObject([
      { status: 'queued', trigger: { type: 'event', record: { amount: 50 } } },
      { status: 'queued', trigger: { type: 'manual' } },
    ]);
    await sql`select workflow.sweep()`;
    expect(await claim(sql, 10)).toEqual([]);
    await resume(workflow);
    expect(await claim(sql, 10)).toHaveLength(2);
    expect((await executions()).map(({ status }) => status)).toEqual(['running', 'running']);
  });
});

describe('a paused workflow with whenPaused drop', () => {
  it('drops what its trigger would start, and the audit log counts it', async () => {
    const workflow = await paused({ whenPaused: 'drop' });
    await order(5, 50, 60);
    expect(await sql`select from public.orders`).toHaveLength(3);
    expect(await executions()).toEqual([]);
    expect(await log()).toEqual([
      {
        event: 'trigger_dropped',
        workflow_id: workflow.id,
        details: { table: 'public.orders', operation: 'INSERT', rows: 2 },
      },
    ]);
  });

  it('refuses a start with a code and a hint', async () => {
    const workflow = await paused({ whenPaused: 'drop' });
    await expect(start(sql, workflow)).rejects.toMatchObject({
      detail: 'workflow_paused',
      hint: expect.stringContaining('queue'),
    });
  });

  it('starts again when it is resumed, with nothing of what it dropped', async () => {
    const workflow = await paused({ whenPaused: 'drop' });
    await order(50);
    await resume(workflow);
    await sql`insert into public.orders values (9, ${company}, 90)`;
    expect(await executions()).toMatchObject([{ status: 'running', trigger: { record: { amount: 90 } } }]);
  });

  it('can be told meanwhile to queue', async () => {
    const workflow = await paused({ whenPaused: 'drop' });
    await sql`update public.workflows set settings = '{"whenPaused": "queue"}' where id = ${workflow.id}`;
    await order(50);
    expect(await executions()).toMatchObject([{ status: 'queued' }]);
  });
});

describe('pausing a workflow', () => {
  it('lets what has begun go on to its end', async () => {
    const workflow = await publish(sql, {
      steps: [{ id: 'wait', type: 'delay', for: '1h' }, ...chain('one')],
    });
    await start(sql, workflow);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await complete(sql, outcome(await claimOne(sql), { status: 'waiting', until }));
    await sql`update public.workflows set status = 'paused' where id = ${workflow.id}`;
    await advance(sql, '2 hours');
    await complete(sql, outcome(await claimOne(sql)));
    await advance(sql, '-2 hours');
    expect(await executions()).toMatchObject([{ status: 'succeeded' }]);
  });

  it('is set to nothing but queue or drop', async () => {
    const { id } = await publish(sql, { steps: chain('one') });
    await expect(
      sql`update public.workflows set settings = '{"whenPaused": "wait"}' where id = ${id}`,
    ).rejects.toMatchObject({ detail: 'invalid_settings', message: expect.stringContaining('"drop"') });
  });
});
