import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { handOverTo } from '../../../functions/worker/hand-over.ts';
import type { Handover } from '../../../functions/worker/invocation.ts';
import { chain, execution, leftovers, publish, start, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { useWorker } from '../../support/worker.ts';

// One invocation of the worker, on a database without sweep and wake-ups.

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;
const nothing = { strands: 0, leases: 0, timers: 0, messages: 0 };

afterEach(async () => {
  await sql`truncate public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
});

/** The worker's address, where every call gets this answer. @returns it, and the hand-overs received */
async function answering(status: number): Promise<{ url: string; received: Handover[] }> {
  const received: Handover[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push(JSON.parse(text));
    response.writeHead(status).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** Resolves when an invocation holds a slot. */
async function somebodyWorks(): Promise<void> {
  for (;;) {
    const held = await sql`select from workflow.slots where expires_at > clock_timestamp()`;
    if (held.length > 0) return;
  }
}

describe('an invocation', () => {
  it('runs one step and hands its claimed successor to the next, with its slot', async () => {
    const { url, received } = await answering(202);
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    await worker.invoke(handOverTo(() => url, 'key'));
    expect(await statuses(sql, id)).toEqual({ one: 'succeeded', two: 'running' });
    const [lease] = await sql`select token, slot from workflow.leases`;
    const handed = received.filter(({ claims }) => claims);
    expect(handed).toMatchObject([
      { slot: { id: lease?.slot }, claims: [{ path: 'two', token: lease?.token }] },
    ]);
    await sql`update workflow.slots set expires_at = '-infinity'`;
  });

  it.each([429, 503])('whose call is answered with %i runs the steps itself', async (status) => {
    const { url, received } = await answering(status);
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two', 'three') }));
    await worker.invoke(handOverTo(() => url, 'key'));
    expect((await execution(sql, id)).status).toBe('succeeded');
    expect(received.filter(({ claims }) => claims).map(({ claims }) => claims?.[0]?.path)).toEqual([
      'two',
      'three',
    ]);
    expect(await leftovers(sql)).toEqual(nothing);
  });

  it('whose call reaches nobody runs the steps itself', async () => {
    const id = await start(sql, await publish(sql, { steps: chain('one', 'two') }));
    await worker.invoke(handOverTo(() => 'http://127.0.0.1:9', 'key'));
    expect((await execution(sql, id)).status).toBe('succeeded');
  });

  it('that finds nothing lingers, and picks up what comes in without a wake-up', async () => {
    const invocation = worker.invoke(async () => false);
    await somebodyWorks();
    const id = await start(sql, await publish(sql, { steps: chain('one') }));
    await invocation;
    expect((await execution(sql, id)).status).toBe('succeeded');
  });

  it('lingers for a timer that is due within thirty seconds, and fires it without a sweep', async () => {
    const steps = [{ id: 'pause', type: 'delay', for: '2s' }, ...chain('after')];
    const id = await start(sql, await publish(sql, { steps }));
    await worker.invoke(async () => false);
    expect((await execution(sql, id)).status).toBe('succeeded');
  });

  it('does not linger for a timer of later', async () => {
    const steps = [{ id: 'pause', type: 'delay', for: '1m' }, ...chain('after')];
    const id = await start(sql, await publish(sql, { steps }));
    await worker.invoke(async () => false);
    expect((await execution(sql, id)).status).toBe('waiting');
  });

  it('frees its slot in the end', async () => {
    await worker.invoke(async () => false);
    const held =
      await sql`select from workflow.slots where token is not null or expires_at > clock_timestamp()`;
    expect(held).toHaveLength(0);
  });

  it('that gets no slot does nothing', async () => {
    await sql`update workflow.slots set expires_at = clock_timestamp() + interval '1 hour'`;
    const id = await start(sql, await publish(sql, { steps: chain('one') }));
    await worker.invoke(async () => false);
    expect(await statuses(sql, id)).toEqual({ one: 'queued' });
    await sql`update workflow.slots set expires_at = '-infinity'`;
    await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
  });
});
