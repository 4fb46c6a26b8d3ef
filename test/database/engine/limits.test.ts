import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  advance,
  chain,
  claim,
  complete,
  execution,
  outcome,
  publish,
  start,
  type TestWorkflow,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const { sql } = database;
const other = database.connect();

afterEach(async () => {
  await sql`truncate public.workflow_executions, workflow.lane_signals, workflow.rate_log cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
  await sql`update workflow.settings set clock_offset = default, max_in_flight = default`;
});

async function limited(settings: Record<string, unknown>, organizationId?: string): Promise<TestWorkflow> {
  const workflow = await publish(sql, { steps: chain('one') }, organizationId);
  await sql`update public.workflows set settings = ${sql.json(settings as never)} where id = ${workflow.id}`;
  return workflow;
}

const perCustomer = { key: 'input.customer' };
const admit = () => sql`select workflow.admit()`;

const read = (ids: string[]) => Promise.all(ids.map(async (id) => (await execution(sql, id)).status));

/** Starts one execution per customer named. */
async function startFor(workflow: TestWorkflow, ...customers: string[]): Promise<string[]> {
  const ids = [];
  for (const customer of customers) ids.push(await start(sql, workflow, { customer }));
  await admit();
  return ids;
}

/** Starts so many in one statement, their customers in turn. */
const startMany = ({ id }: TestWorkflow, count: number, customers = 1) => sql`
  insert into public.workflow_executions (workflow_id, input)
    select ${id}::uuid, jsonb_build_object('customer', n % ${customers}::int) from generate_series(1, ${count}::int) n`;

async function finish(id: string | undefined): Promise<void> {
  const claimed = (await claim(sql, 100)).find((one) => one.execution_id === id);
  if (!claimed) throw new Error(`no claim of ${id}`);
  await complete(sql, outcome(claimed));
}

/** Workers side by side, until nothing is left; after each of its claims a worker tells what runs. */
async function drain(workers: number, look: () => Promise<void>): Promise<void> {
  const sessions = Array.from({ length: workers }, () => database.connect());
  await Promise.all(
    sessions.map(async (session) => {
      for (let idle = 0; idle < 20; ) {
        const claims = await claim(session, 1);
        idle = claims.length === 0 ? idle + 1 : 0;
        if (claims[0]) {
          await look();
          await complete(session, outcome(claims[0]));
        } else await admit();
      }
      await session.end();
    }),
  );
}

describe('maxConcurrentPerKey', () => {
  it('lets so many executions of one key run, and others go past them', async () => {
    const workflow = await limited({ ...perCustomer, maxConcurrentPerKey: 1 });
    const ids = await startFor(workflow, 'a', 'a', 'b');
    expect(await read(ids)).toEqual(['running', 'queued', 'running']);
    await finish(ids[0]);
    expect(await read(ids)).toEqual(['succeeded', 'running', 'running']);
  });

  it('counts an execution that waits', async () => {
    const workflow = await publish(sql, { steps: [{ id: 'pause', type: 'delay', for: '1h' }] });
    await sql`update public.workflows set settings = '{"key": "input.customer", "maxConcurrentPerKey": 1}' where id = ${workflow.id}`;
    const ids = await startFor(workflow, 'a', 'a');
    const [claimed] = await claim(sql, 10);
    if (!claimed) throw new Error('no claim');
    await complete(
      sql,
      outcome(claimed, { status: 'waiting', until: new Date(Date.now() + 3_600_000).toISOString() }),
    );
    await admit();
    expect(await read(ids)).toEqual(['waiting', 'queued']);
  });

  it('makes room when an execution is cancelled', async () => {
    const workflow = await limited({ ...perCustomer, maxConcurrentPerKey: 1 });
    const ids = await startFor(workflow, 'a', 'a');
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${ids[0] ?? ''}`;
    await admit();
    expect(await read(ids)).toEqual(['cancelled', 'running']);
  });

  it('reads the key from the record that starts an execution', async () => {
    const workflow = await limited({ key: 'record.customer', maxConcurrentPerKey: 1 });
    const ids = (
      await sql<{ id: string }[]>`
        insert into public.workflow_executions (workflow_id, trigger)
          select ${workflow.id}::uuid, jsonb_build_object('type', 'event', 'record', jsonb_build_object('customer', c))
          from unnest(array['a', 'a', 'b']) c returning id`
    ).map(({ id }) => id);
    await admit();
    expect(await read(ids)).toEqual(['running', 'queued', 'running']);
  });

  it('is never exceeded by 300 executions of ten keys under six workers, and all of them end', async () => {
    const workflow = await limited({ ...perCustomer, maxConcurrentPerKey: 2 });
    await startMany(workflow, 300, 10);
    let most = 0;
    await drain(6, async () => {
      const [row] = await sql<{ most: number }[]>`
        select coalesce(max(n), 0)::int as most from (
          select count(*) as n from public.workflow_executions where status in ('running', 'waiting') group by lane) lanes`;
      most = Math.max(most, row?.most ?? 0);
    });
    expect(most).toBe(2);
    const [row] =
      await sql`select count(*)::int as left from public.workflow_executions where status <> 'succeeded'`;
    expect(row?.left).toBe(0);
  });
});

describe('maxConcurrent', () => {
  it('holds for all keys together, and those that waited longest go first', async () => {
    const workflow = await limited({ ...perCustomer, maxConcurrent: 2, maxConcurrentPerKey: 1 });
    const ids = await startFor(workflow, 'a', 'b', 'c', 'd');
    expect(await read(ids)).toEqual(['running', 'running', 'queued', 'queued']);
    await finish(ids[1]);
    await admit();
    expect(await read(ids)).toEqual(['running', 'succeeded', 'running', 'queued']);
  });

  it('counts what began before the limit was set, and its end makes room', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    const first = await start(sql, workflow);
    await sql`update public.workflows set settings = '{"maxConcurrent": 1}' where id = ${workflow.id}`;
    const second = await start(sql, workflow);
    await admit();
    expect(await read([first, second])).toEqual(['running', 'queued']);
    await finish(first);
    await admit();
    expect(await read([second])).toEqual(['running']);
  });

  it('that is raised lets more begin at once', async () => {
    const workflow = await limited({ maxConcurrent: 1 });
    const ids = await startFor(workflow, 'a', 'a', 'a');
    await sql`update public.workflows set settings = '{"maxConcurrent": 3}' where id = ${workflow.id}`;
    await admit();
    expect(await read(ids)).toEqual(['running', 'running', 'running']);
  });

  it('does not slow another workflow of the organisation down, however many wait', async () => {
    const organization = randomUUID();
    const crowded = await limited({ maxConcurrent: 1 }, organization);
    await startMany(crowded, 5_000);
    const free = await publish(sql, { steps: chain('one') }, organization);
    expect(await read([await start(sql, free)])).toEqual(['running']);
    const [row] = await sql`select workflow.backlog_of(${organization}, -100, 100, 10) as backlog`;
    expect(row?.backlog).toEqual([]);
  });
});

describe('a rate limit', () => {
  const rate = { rateLimit: { limit: 2, per: '1m' } };

  it('lets so many start within its span, and the next when the oldest is that long ago', async () => {
    const workflow = await limited(rate);
    const ids = await startFor(workflow, 'a', 'a', 'a');
    expect(await read(ids)).toEqual(['running', 'running', 'queued']);
    await advance(sql, '59 seconds');
    await admit();
    expect(await read(ids)).toEqual(['running', 'running', 'queued']);
    await advance(sql, '1 second');
    await admit();
    expect(await read(ids)).toEqual(['running', 'running', 'running']);
  });

  it('counts by key', async () => {
    const workflow = await limited({ ...perCustomer, rateLimit: { limit: 1, per: '1m' } });
    expect(await read(await startFor(workflow, 'a', 'a', 'b'))).toEqual(['running', 'queued', 'running']);
  });

  it('by workflow counts all keys together', async () => {
    const workflow = await limited({ ...perCustomer, rateLimit: { limit: 1, per: '1m', by: 'workflow' } });
    const ids = await startFor(workflow, 'a', 'b', 'c');
    expect(await read(ids)).toEqual(['running', 'queued', 'queued']);
    await advance(sql, '1 minute');
    await admit();
    await admit();
    expect(await read(ids)).toEqual(['running', 'running', 'queued']);
  });

  it('lets a lingering worker wait for the moment it opens', async () => {
    const workflow = await limited(rate);
    await startFor(workflow, 'a', 'a', 'a');
    await advance(sql, '45 seconds');
    const [row] = await sql`select workflow.retire(1, null) as retired`;
    expect(row?.retired).toMatchObject({ retired: false, timer_ms: expect.any(Number) });
    expect(row?.retired.timer_ms).toBeLessThanOrEqual(15_000);
  });

  it('is never exceeded in any minute by 120 starts', async () => {
    const workflow = await limited({ rateLimit: { limit: 7, per: '1m' } });
    await sql`update workflow.settings set max_in_flight = 120`;
    await startMany(workflow, 120);
    for (let tick = 0; tick < 120; tick += 1) {
      await admit();
      const [row] = await sql`select count(*)::int as inside from workflow.rate_log
        where started_at > workflow.now() - interval '1 minute'`;
      expect(row?.inside).toBeLessThanOrEqual(7);
      await advance(sql, '10 seconds');
    }
    const [row] =
      await sql`select count(*)::int as left from public.workflow_executions where status = 'queued'`;
    expect(row?.left).toBe(0);
  });
});

describe('a debounce', () => {
  const debounce = { ...perCustomer, debounce: { for: '30s', atMost: '1m' } };

  it('starts the last of a burst once no other has come for that long, the others are cancelled', async () => {
    const workflow = await limited(debounce);
    const ids = await startFor(workflow, 'a', 'a');
    await advance(sql, '20 seconds');
    ids.push(...(await startFor(workflow, 'a')));
    await advance(sql, '20 seconds');
    await admit();
    expect(await read(ids)).toEqual(['queued', 'queued', 'queued']);
    await advance(sql, '10 seconds');
    await admit();
    expect(await read(ids)).toEqual(['cancelled', 'cancelled', 'running']);
    expect((await execution(sql, ids[0] ?? '')).error).toMatchObject({
      code: 'debounced',
      hint: expect.stringContaining(ids[2] ?? ''),
    });
  });

  it('does not wait longer than atMost for a burst to end', async () => {
    const workflow = await limited(debounce);
    const ids = await startFor(workflow, 'a');
    for (let burst = 0; burst < 3; burst += 1) {
      await advance(sql, '20 seconds');
      ids.push(...(await startFor(workflow, 'a')));
    }
    await admit();
    expect(await read(ids)).toEqual(['cancelled', 'cancelled', 'cancelled', 'running']);
  });

  it('counts by key', async () => {
    const workflow = await limited(debounce);
    const ids = await startFor(workflow, 'a', 'b');
    await advance(sql, '30 seconds');
    await admit();
    expect(await read(ids)).toEqual(['running', 'running']);
  });

  it('leaves one execution per key of 1,000 starts from five sessions at once', async () => {
    const workflow = await limited(debounce);
    await Promise.all([1, 2, 3, 4, 5].map(() => startMany(workflow, 200, 10)));
    await advance(sql, '30 seconds');
    await admit();
    const rows =
      await sql`select status, count(*)::int from public.workflow_executions group by status order by status`;
    expect(rows.map(({ status, count }) => [status, count])).toEqual([
      ['cancelled', 990],
      ['running', 10],
    ]);
  });
});

describe('limits', () => {
  it('are not looked at in a transaction that a user may leave open', async () => {
    const workflow = await limited({ maxConcurrent: 5 });
    await other.begin(async (tx) => {
      const mine = await start(tx, workflow);
      const theirs = await start(sql, workflow);
      await admit();
      expect(await read([theirs])).toEqual(['running']);
      const [row] = await tx`select status from public.workflow_executions where id = ${mine}`;
      expect(row?.status).toBe('queued');
    });
  });

  it('are looked at by a claim that finds nothing else', async () => {
    const workflow = await limited({ maxConcurrent: 1 });
    const id = await start(sql, workflow);
    expect((await claim(sql, 1)).map((claimed) => claimed.execution_id)).toEqual([id]);
  });

  it('wake a worker for what may begin', async () => {
    const workflow = await limited({ maxConcurrent: 1 });
    await sql`select vault.create_secret('http://127.0.0.1:1', 'project_url'), vault.create_secret('key', 'secret_key')`;
    await sql`truncate net.http_request_queue`;
    await start(sql, workflow);
    const [row] = await sql`select count(*)::int as posts from net.http_request_queue`;
    expect(row?.posts).toBe(1);
    await sql`delete from vault.secrets where name in ('project_url', 'secret_key')`;
  });

  it('leave room for the organisation as a whole', async () => {
    const workflow = await limited({ maxConcurrent: 5 });
    await sql`update workflow.settings set max_in_flight = 1`;
    const ids = await startFor(workflow, 'a', 'a');
    expect(await read(ids)).toEqual(['running', 'queued']);
    await finish(ids[0]);
    await admit();
    expect(await read(ids)).toEqual(['succeeded', 'running']);
  });

  it.each([
    [{ key: 'customer' }, 'key is a path'],
    [{ maxConcurrentPerKey: 1 }, 'needs a key'],
    [{ rateLimit: { limit: 0, per: '1m' } }, 'rateLimit'],
    [{ rateLimit: { limit: 5, per: 'often' } }, 'rateLimit'],
    [{ rateLimit: { limit: 5, per: '1m', by: 'moon' } }, 'rateLimit'],
    [{ rateLimit: 5 }, 'rateLimit'],
    [{ debounce: { for: '0s' } }, 'debounce'],
    [{ debounce: { for: '1m', atMost: 3 } }, 'debounce'],
    [[], 'an object'],
  ])('of %j are refused', async (settings, problem) => {
    await expect(limited(settings as never)).rejects.toMatchObject({
      detail: 'invalid_settings',
      message: expect.stringContaining(problem),
    });
  });
});

describe('a paused workflow', () => {
  it('keeps what was queued and what comes in, and goes on with both', async () => {
    const workflow = await publish(sql, { steps: chain('one') });
    await sql`update workflow.settings set max_in_flight = 1`;
    const ids = [await start(sql, workflow), await start(sql, workflow)];
    await sql`update public.workflows set status = 'paused' where id = ${workflow.id}`;
    ids.push(await start(sql, workflow));
    await sql`update workflow.settings set max_in_flight = default`;
    await admit();
    expect(await read(ids)).toEqual(['running', 'queued', 'queued']);
    await sql`update public.workflows set status = 'active' where id = ${workflow.id}`;
    await admit();
    expect(await read(ids)).toEqual(['running', 'running', 'running']);
  });

  it('does not slow another workflow of the organisation down, however many wait', async () => {
    const organization = randomUUID();
    const paused = await publish(sql, { steps: chain('one') }, organization);
    await sql`update public.workflows set status = 'paused' where id = ${paused.id}`;
    await startMany(paused, 100);
    const [row] = await sql`select workflow.backlog_of(${organization}, -100, 100, 10) as backlog`;
    expect(row?.backlog).toEqual([]);
  });
});
