import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { jwtSecret, publishableKey, secretKey } from '../../supabase/local/keys.ts';
import { type Realtime, startRealtime } from '../../supabase/local/realtime/server.ts';
import { Inbox, type OwnDatabase, startOwnDatabase } from './own-database.ts';

interface Received {
  event: string;
  payload: Record<string, unknown>;
  meta?: { id: string };
}

let database: OwnDatabase;
let realtime: Realtime;
let server: Server;
let url: string;
const clients: SupabaseClient[] = [];
const logged: string[] = [];

beforeAll(async () => {
  database = await startOwnDatabase();
  await database.sql.unsafe(`
    create policy "read your own room" on realtime.messages for select to authenticated
      using (extension = 'broadcast' and (select realtime.topic()) = 'room:' || (select auth.uid()));
    create policy "read the hall" on realtime.messages for select to authenticated
      using (extension = 'broadcast' and (select realtime.topic()) like 'hall:%');
    create policy "speak in your own room" on realtime.messages for insert to authenticated
      with check (extension = 'broadcast' and topic = 'room:' || (select auth.uid()));
  `);
  realtime = await startRealtime({
    dbUrl: database.adminUrl,
    jwtSecret,
    publishableKey,
    secretKey,
    log: (line) => logged.push(line),
  });
  server = createServer((request, response) => void realtime.handleRequest(request, response));
  server.on('upgrade', realtime.handleUpgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  for (const client of clients.splice(0)) client.realtime.disconnect();
});

afterAll(async () => {
  await realtime?.stop();
  server?.closeAllConnections();
  server?.close();
  await database?.stop();
});

function sign(claims: Record<string, unknown>, secret = jwtSecret): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const tokenOf = (sub: string, exp = inSeconds(3600)) => sign({ role: 'authenticated', sub, exp });

function connect(token?: string, vsn?: string): SupabaseClient {
  const client = createClient(url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WebSocket as never, ...(vsn ? { vsn } : {}) },
  });
  if (token) client.realtime.setAuth(token);
  clients.push(client);
  return client;
}

/** Joins and resolves with what the channel receives; rejects with the reason of a refusal. */
async function join(channel: RealtimeChannel, statuses = new Inbox<string>()): Promise<Inbox<Received>> {
  const inbox = new Inbox<Received>();
  channel.on('broadcast', { event: '*' }, (message) => inbox.add(message as unknown as Received));
  await new Promise<void>((resolve, reject) => {
    channel.subscribe((status, error) => {
      statuses.add(status);
      if (status === 'SUBSCRIBED') resolve();
      else reject(error ?? new Error(status));
    });
  });
  return inbox;
}

const broadcast = { broadcast: { ack: true } };
const privately = { config: { private: true, ...broadcast } };

async function send(
  topic: string,
  payload: Record<string, string | number>,
  isPrivate = true,
): Promise<void> {
  await database.sql`select realtime.send(${database.sql.json(payload)}, 'note', ${topic}, ${isPrivate})`;
}

describe('joining a private channel', () => {
  it('is allowed where a policy lets the user read the topic', async () => {
    const user = randomUUID();
    const client = connect(tokenOf(user));
    const inbox = await join(client.channel(`room:${user}`, privately));
    await send(`room:${user}`, { text: 'hello' });
    expect(await inbox.next()).toMatchObject({ event: 'note', payload: { text: 'hello' } });
  });

  it('is refused where none does, with the reason', async () => {
    const client = connect(tokenOf(randomUUID()));
    await expect(join(client.channel(`room:${randomUUID()}`, privately))).rejects.toThrow(
      'Unauthorized: You do not have permissions to read from this Channel topic: room:',
    );
  });

  it('is refused for somebody who is not signed in', async () => {
    await expect(join(connect().channel('hall:1', privately))).rejects.toThrow('Unauthorized');
  });

  it('is refused with a token that another key has signed', async () => {
    const forged = sign({ role: 'authenticated', sub: randomUUID(), exp: inSeconds(60) }, 'another secret');
    await expect(join(connect(forged).channel('hall:1', privately))).rejects.toThrow('JwtSignatureError');
  });

  it('is refused with an expired token', async () => {
    const client = connect(tokenOf(randomUUID(), inSeconds(-120)));
    await expect(join(client.channel('hall:1', privately))).rejects.toThrow('Token has expired 12');
  });

  it('leaves no probe row behind and sends none', async () => {
    const before = await database.sql`select count(*)::int as n from realtime.messages`;
    const inbox = await join(connect(tokenOf(randomUUID())).channel('hall:probe', privately));
    await join(connect(tokenOf(randomUUID())).channel('hall:probe', privately));
    expect(await database.sql`select count(*)::int as n from realtime.messages`).toEqual(before);
    await send('hall:probe', { marker: 1 });
    expect((await inbox.next()).payload.marker).toBe(1);
  });
});

describe('a joined channel', () => {
  it('ends when its token expires, unless a fresh one has come', async () => {
    const user = randomUUID();
    const [staying, ending] = [connect(tokenOf(user, inSeconds(3))), connect(tokenOf(user, inSeconds(3)))];
    const [stays, ends] = [new Inbox<string>(), new Inbox<string>()];
    const inbox = await join(staying.channel(`room:${user}`, privately), stays);
    await join(ending.channel(`room:${user}`, privately), ends);
    await staying.realtime.setAuth(tokenOf(user));
    expect(await ends.take(2)).toEqual(['SUBSCRIBED', 'CLOSED']);
    await send(`room:${user}`, { n: 1 });
    expect((await inbox.next()).payload.n).toBe(1);
    expect(stays.all).toEqual(['SUBSCRIBED']);
  });

  it('ends when a new token may not read the topic', async () => {
    const user = randomUUID();
    const client = connect(tokenOf(user));
    const statuses = new Inbox<string>();
    await join(client.channel(`room:${user}`, privately), statuses);
    await client.realtime.setAuth(tokenOf(randomUUID()));
    expect(await statuses.take(2)).toEqual(['SUBSCRIBED', 'CLOSED']);
  });

  it('can be left and joined again', async () => {
    const client = connect(tokenOf(randomUUID()));
    const first = client.channel('hall:leave', privately);
    const left = await join(first);
    await client.removeChannel(first);
    const inbox = await join(client.channel('hall:leave', privately));
    for (const n of [1, 2]) await send('hall:leave', { n });
    expect((await inbox.take(2)).map((message) => message.payload.n)).toEqual([1, 2]);
    expect(left.all).toEqual([]);
  });
});

describe('broadcast from the database', () => {
  it('arrives in the order of the inserts, with payload and id', async () => {
    const inbox = await join(connect(tokenOf(randomUUID())).channel('hall:order', privately));
    await database.sql`
      select realtime.send(jsonb_build_object('n', n, 'text', 'ä"\\'), 'note', 'hall:order') from generate_series(1, 100) n`;
    for (let n = 101; n <= 110; n++) await send('hall:order', { n, text: 'ä"\\' });
    const received = await inbox.take(110);
    expect(received.map((message) => message.payload.n)).toEqual(
      Array.from({ length: 110 }, (_, i) => i + 1),
    );
    const { payload, meta } = received[0] as Received;
    expect(payload).toEqual({ n: 1, text: 'ä"\\', id: meta?.id });
    expect(meta?.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('does not arrive when the transaction is rolled back', async () => {
    const inbox = await join(connect(tokenOf(randomUUID())).channel('hall:rollback', privately));
    await database.sql
      .begin(async (tx) => {
        await tx`select realtime.send('{"n": 1}', 'note', 'hall:rollback')`;
        throw new Error('undo');
      })
      .catch(() => {});
    await send('hall:rollback', { n: 2 });
    expect((await inbox.next()).payload.n).toBe(2);
  });

  it('reaches every channel of the topic and no other', async () => {
    const one = connect(tokenOf(randomUUID()));
    const inboxes = [
      await join(one.channel('hall:a', privately)),
      await join(connect(tokenOf(randomUUID())).channel('hall:a', privately)),
    ];
    const elsewhere = await join(one.channel('hall:b', privately));
    await send('hall:a', { n: 1 });
    await send('hall:b', { n: 2 });
    for (const inbox of inboxes) expect((await inbox.next()).payload.n).toBe(1);
    expect((await elsewhere.next()).payload.n).toBe(2);
  });

  it('keeps public and private channels of one name apart', async () => {
    const hidden = await join(connect(tokenOf(randomUUID())).channel('hall:both', privately));
    const open = await join(connect().channel('hall:both'));
    await send('hall:both', { n: 1 }, true);
    await send('hall:both', { n: 2 }, false);
    await send('hall:both', { n: 3 }, true);
    expect((await open.next()).payload.n).toBe(2);
    expect((await hidden.take(2)).map((message) => message.payload.n)).toEqual([1, 3]);
  });

  it('carries a changed row from a trigger', async () => {
    await database.sql.unsafe(`
      create table public.desks (id int primary key, owner text);
      create function public.tell() returns trigger language plpgsql as $$
      begin
        perform realtime.broadcast_changes('hall:desks', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
      create trigger tell after insert or update on public.desks for each row execute function public.tell();
    `);
    const inbox = await join(connect(tokenOf(randomUUID())).channel('hall:desks', privately));
    await database.sql`insert into public.desks values (1, null)`;
    await database.sql`update public.desks set owner = 'ada'`;
    expect(await inbox.take(2)).toMatchObject([
      { event: 'INSERT', payload: { operation: 'INSERT', record: { id: 1, owner: null }, old_record: null } },
      { event: 'UPDATE', payload: { schema: 'public', table: 'desks', record: { id: 1, owner: 'ada' } } },
    ]);
  });

  it('reaches a client of the older protocol', async () => {
    const inbox = await join(connect(tokenOf(randomUUID()), '1.0.0').channel('hall:old', privately));
    await send('hall:old', { n: 1 });
    expect(await inbox.next()).toMatchObject({ event: 'note', payload: { n: 1 } });
  });
});

describe('broadcast from a client', () => {
  it('reaches the others, and the sender only when it asks for it', async () => {
    const user = randomUUID();
    const topic = `room:${user}`;
    const talking = connect(tokenOf(user)).channel(topic, privately);
    const hearingItself = connect(tokenOf(user)).channel(topic, {
      config: { private: true, broadcast: { ack: true, self: true } },
    });
    const [silent, own] = [await join(talking), await join(hearingItself)];
    expect(await talking.send({ type: 'broadcast', event: 'say', payload: { n: 1 } })).toBe('ok');
    expect(await hearingItself.send({ type: 'broadcast', event: 'say', payload: { n: 2 } })).toBe('ok');
    expect((await own.take(2)).map((message) => message.payload.n)).toEqual([1, 2]);
    expect((await silent.next()).payload.n).toBe(2);
  });

  it('is refused where no policy lets the user insert', async () => {
    const inbox = await join(connect(tokenOf(randomUUID())).channel('hall:quiet', privately));
    const channel = connect(tokenOf(randomUUID())).channel('hall:quiet', privately);
    await join(channel);
    expect(await channel.send({ type: 'broadcast', event: 'say', payload: { n: 1 } })).toBe('error');
    await send('hall:quiet', { n: 2 });
    expect((await inbox.next()).payload.n).toBe(2);
  });

  it('carries bytes', async () => {
    const [a, b] = [connect().channel('open', { config: broadcast }), connect().channel('open')];
    await join(a);
    const inbox = await join(b);
    await a.send({ type: 'broadcast', event: 'bytes', payload: new Uint8Array([0, 255, 7]).buffer });
    const { payload } = await inbox.next();
    expect([...new Uint8Array(payload as unknown as ArrayBuffer)]).toEqual([0, 255, 7]);
  });

  it('passes between both versions of the protocol', async () => {
    const [older, newer] = [connect(undefined, '1.0.0'), connect()].map((client) =>
      client.channel('mixed', { config: broadcast }),
    ) as [RealtimeChannel, RealtimeChannel];
    const [inOlder, inNewer] = [await join(older), await join(newer)];
    expect(await older.send({ type: 'broadcast', event: 'say', payload: { n: 1 } })).toBe('ok');
    expect(await newer.send({ type: 'broadcast', event: 'say', payload: { n: 2 } })).toBe('ok');
    expect(await inNewer.next()).toMatchObject({ event: 'say', payload: { n: 1 } });
    expect(await inOlder.next()).toMatchObject({ event: 'say', payload: { n: 2 } });
  });

  it('goes over HTTP too', async () => {
    const inbox = await join(connect().channel('over:http'));
    expect(await connect().channel('over:http').httpSend('say', { n: 1 })).toEqual({ success: true });
    const body = JSON.stringify({ messages: [{ topic: 'over:http', event: 'say', payload: { n: 2 } }] });
    const post = (apikey: string) =>
      fetch(`${url}/realtime/v1/api/broadcast`, { method: 'POST', headers: { apikey }, body });
    expect((await post('sb_publishable_wrong')).status).toBe(401);
    expect((await post(publishableKey)).status).toBe(202);
    expect((await inbox.take(2)).map((message) => message.payload.n)).toEqual([1, 2]);
  });

  it('over HTTP to a private topic needs a policy or the secret key', async () => {
    const inbox = await join(connect(tokenOf(randomUUID())).channel('hall:http', privately));
    const post = (apikey: string, n: number) => {
      const messages = [{ topic: 'hall:http', event: 'say', payload: { n }, private: true }];
      return fetch(`${url}/realtime/v1/api/broadcast`, {
        method: 'POST',
        headers: { apikey },
        body: JSON.stringify({ messages }),
      });
    };
    expect((await post(publishableKey, 1)).status).toBe(202);
    expect((await post(secretKey, 2)).status).toBe(202);
    expect((await inbox.next()).payload.n).toBe(2);
  });
});

describe('what the stand-in does not have', () => {
  it('refuses postgres_changes with a clear reason', async () => {
    const channel = connect()
      .channel('changes')
      .on('postgres_changes', { event: '*', schema: 'public' }, () => {});
    await expect(join(channel)).rejects.toThrow('postgres_changes is not available on the local stand-in');
  });

  it('lets presence calls pass', async () => {
    const channel = connect().channel('presence');
    await join(channel);
    expect(await channel.track({ online: true })).toBe('ok');
  });
});

describe('schema realtime', () => {
  it('lets postgres make policies, and nothing else', async () => {
    await expect(database.sql`create table realtime.mine (id int)`).rejects.toMatchObject({ code: '42501' });
  });

  it('keeps other roles to what policies allow', async () => {
    const asAnon = database.sql.begin(async (tx) => {
      await tx`set local role anon`;
      await tx`insert into realtime.messages (topic, extension) values ('hall:1', 'broadcast')`;
    });
    await expect(asAnon).rejects.toThrow('row-level security');
  });

  it('turns a failing send into a warning', async () => {
    await database.sql.begin(async (tx) => {
      await tx`select realtime.send('[1]', 'note', 'hall:1')`;
      await tx`create table public.after_failed_send (id int)`;
    });
    expect(await database.sql`select * from public.after_failed_send`).toEqual([]);
  });

  it('raises when broadcast_changes is misused', async () => {
    await expect(
      database.sql`select realtime.broadcast_changes('t', 'e', 'TRUNCATE', 'x', 'public', null, null)`,
    ).rejects.toThrow('Unexpected operation type: TRUNCATE');
  });

  it('forgets messages after three days', async () => {
    await database.sql`
      insert into realtime.messages (topic, extension, event, inserted_at)
      select 'prune', 'broadcast', age::text, now() - make_interval(hours => age) from unnest(array[1, 71, 73]) as age`;
    const again = await startRealtime({
      dbUrl: database.adminUrl,
      jwtSecret,
      publishableKey,
      secretKey,
      log: () => {},
    });
    await again.stop();
    const left = await database.sql`select event from realtime.messages where topic = 'prune' order by event`;
    expect(left.map((row) => row.event)).toEqual(['1', '71']);
  });
});

it('turns away a socket without a valid key', async () => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime/v1/websocket?apikey=wrong&vsn=2.0.0`);
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
  expect(error.message).toContain('401');
});

it('brings clients back after a restart of the database, with messages flowing again', async () => {
  const statuses = new Inbox<string>();
  const inbox = await join(connect(tokenOf(randomUUID())).channel('hall:restart', privately), statuses);
  await statuses.next();
  await send('hall:restart', { n: 1 });
  expect((await inbox.next()).payload.n).toBe(1);
  await database.restart();
  while ((await statuses.next()) !== 'SUBSCRIBED');
  await send('hall:restart', { n: 2 });
  expect((await inbox.next()).payload.n).toBe(2);
  expect(logged.filter((line) => line.includes('again'))).toHaveLength(1);
}, 15_000);
