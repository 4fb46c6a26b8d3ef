import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createClient, type RealtimeChannel, type WebSocketLikeConstructor } from '@supabase/supabase-js';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { commandOf, isAlive, waitForExit } from '../../supabase/local/processes.ts';
import { type PlatformProcess, startPlatformProcess, temporaryFolder } from '../support/platform-process.ts';

// Starts, breaks and restarts platforms of its own, over a small project.

const project = ['--project', join(import.meta.dirname, '../fixtures/project')];
const folders: string[] = [];
const newFolder = () => {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const call = (platform: PlatformProcess, path: string, init?: RequestInit) =>
  fetch(`${platform.details.api_url}/functions/v1/${path}`, init);

function clientOf({ details }: PlatformProcess) {
  return createClient(details.api_url, details.publishable_key, {
    auth: { persistSession: false },
    realtime: { transport: WebSocket as unknown as WebSocketLikeConstructor },
  });
}

/** Every process whose command names the folder. */
function processesOf(dataDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && commandOf(pid).includes(dataDir));
}

describe('a running platform', () => {
  let platform: PlatformProcess;
  beforeAll(async () => {
    platform = await startPlatformProcess(project, newFolder(), ['npm', 'start', '--silent', '--']);
  });

  test('passes requests on to a function, with its path and body', async () => {
    const response = await call(platform, 'echo/a/b?c=1', { method: 'POST', body: 'hello' });
    expect(await response.json()).toMatchObject({ path: '/echo/a/b?c=1', body: 'hello' });
  });

  test('gives functions the environment of hosted ones', async () => {
    const { environment } = (await (await call(platform, 'echo')).json()) as { environment: string[] };
    const keys = ['PUBLISHABLE_KEYS', 'SECRET_KEYS', 'ANON_KEY', 'SERVICE_ROLE_KEY', 'URL', 'DB_URL'];
    expect(environment).toEqual(keys.map((name) => `SUPABASE_${name}`).sort());
  });

  test('asks for a user where a function verifies tokens', async () => {
    expect((await call(platform, 'members')).status).toBe(401);
    const client = clientOf(platform);
    await client.auth.signInWithPassword(platform.details.demo);
    expect((await client.functions.invoke('members')).data).toBe('come in');
  });

  test('answers 404 for what it does not have', async () => {
    expect((await call(platform, 'nothing')).status).toBe(404);
    expect((await fetch(`${platform.details.api_url}/nothing`)).status).toBe(404);
  });

  test('lets browsers in from everywhere', async () => {
    const preflight = await fetch(`${platform.details.api_url}/auth/v1/signup`, {
      method: 'OPTIONS',
      headers: { origin: 'http://example.com', 'access-control-request-headers': 'apikey' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('apikey');
  });

  test('lets the database call a function', async () => {
    const sql = postgres(platform.details.db_url, { max: 1 });
    const [request] = await sql`
      select net.http_post(
        url := (select decrypted_secret from vault.decrypted_secrets where name = 'project_url') || '/functions/v1/echo',
        body := '{"from": "sql"}'::jsonb, timeout_milliseconds := 5000) as id`;
    await expect
      .poll(async () => (await sql`select * from net._http_response where id = ${request?.id}`)[0], {
        timeout: 5_000,
      })
      .toMatchObject({ status_code: 200, content: expect.stringContaining('from') });
    await sql.end();
  });

  test('carries broadcasts between clients', async () => {
    const [here, there] = [clientOf(platform), clientOf(platform)];
    const joined = (channel: RealtimeChannel) =>
      new Promise<void>((resolve) => channel.subscribe((state) => state === 'SUBSCRIBED' && resolve()));
    const receiver = there.channel('room');
    const received = new Promise((resolve) => receiver.on('broadcast', { event: 'hi' }, resolve));
    await joined(receiver);
    const sender = here.channel('room');
    await joined(sender);
    await sender.send({ type: 'broadcast', event: 'hi', payload: { a: 1 } });
    expect(await received).toMatchObject({ payload: { a: 1 } });
    await Promise.all([here.removeAllChannels(), there.removeAllChannels()]);
  });

  test('starts a killed function again, time after time', async () => {
    for (let round = 0; round < 3; round++) {
      const pid = platform.state().pids.functions.echo ?? 0;
      process.kill(pid, 'SIGKILL');
      await waitForExit(pid, 5_000);
      await expect.poll(() => platform.state().pids.functions.echo, { interval: 10 }).not.toBe(pid);
      const body = (await (await call(platform, 'echo')).json()) as { pid: number };
      expect(body.pid).toBe(platform.state().pids.functions.echo);
    }
  });

  test.each(['SIGINT', 'SIGKILL'] as const)('answers again after Postgres ended by %s', async (signal) => {
    const client = clientOf(platform);
    await client.auth.signInWithPassword(platform.details.demo);
    const { postgres = 0 } = platform.state().pids;
    process.kill(postgres, signal);
    await waitForExit(postgres, 5_000);
    await expect
      .poll(async () => (await client.from('notes').insert({ body: signal })).status, { timeout: 10_000 })
      .toBe(201);
    expect(platform.state().pids.postgres).not.toBe(postgres);
  });

  test('refuses a second one on its folder', async () => {
    const second = startPlatformProcess(project, platform.details.data_dir);
    await expect(second).rejects.toThrow(
      /A platform runs on .* already .*: stop it or choose another --data-dir/,
    );
  });

  test('leaves nothing behind when npm gets SIGTERM', async () => {
    const { pids } = platform.state();
    const all = [pids.platform, pids.postgres ?? 0, ...Object.values(pids.functions)];
    expect(all).toHaveLength(4);
    expect(all.filter(isAlive)).toEqual(all);
    const listener = clientOf(platform);
    await new Promise<void>((resolve) =>
      listener.channel('room').subscribe((state) => state === 'SUBSCRIBED' && resolve()),
    );
    const startedAt = Date.now();
    await platform.stop();
    expect(Date.now() - startedAt, 'milliseconds, with somebody listening').toBeLessThan(10_000);
    await listener.realtime.disconnect();
    expect(all.filter(isAlive)).toEqual([]);
    expect(processesOf(platform.details.data_dir)).toEqual([]);
  });
});

test('killed, is cleared away by the next start, which keeps the data and ends with whoever started it', async () => {
  const folder = newFolder();
  const killed = await startPlatformProcess(project, folder);
  const { pids } = killed.state();
  const client = clientOf(killed);
  await client.auth.signInWithPassword(killed.details.demo);
  await client.from('notes').insert({ body: 'kept' });
  killed.process.kill('SIGKILL');
  // Functions notice by themselves; Postgres stays.
  for (const pid of Object.values(pids.functions)) expect(await waitForExit(pid, 5_000)).toBe(true);
  expect(isAlive(pids.postgres ?? 0)).toBe(true);

  const next = await startPlatformProcess(project, folder);
  expect(isAlive(pids.postgres ?? 0)).toBe(false);
  const again = clientOf(next);
  await again.auth.signInWithPassword(next.details.demo);
  expect((await again.from('notes').select('body')).data).toEqual([{ body: 'kept' }]);

  const { platform } = next.state().pids;
  next.process.stdin?.end();
  expect(await waitForExit(platform, 10_000)).toBe(true);
  expect(processesOf(folder)).toEqual([]);
});

describe('what is wrong is said in one sentence', () => {
  test('a taken port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const platform = startPlatformProcess([...project, '--db-port', String(port)], newFolder());
    const sentence = `Port ${port} is taken: stop what listens there or choose another with --db-port.`;
    await expect(platform).rejects.toThrow(sentence);
    server.close();
  });

  test('a folder with something else in it', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'postgres'));
    writeFileSync(join(folder, 'postgres', 'letter.txt'), 'Dear Sir');
    await expect(startPlatformProcess([...project, '--fresh'], folder)).rejects.toThrow(
      `${join(folder, 'postgres')} holds files but no database: choose another --data-dir.`,
    );
    expect(readFileSync(join(folder, 'postgres', 'letter.txt'), 'utf8')).toBe('Dear Sir');
  });

  test('a database of another version', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'postgres'));
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '15\n');
    await expect(startPlatformProcess(project, folder)).rejects.toThrow(
      /was made by Postgres 15, this is 17/,
    );
  });

  test('a function that does not start, with the end of its log', async () => {
    const folder = newFolder();
    const broken = newFolder();
    cpSync(join(import.meta.dirname, '../fixtures/project'), broken, { recursive: true });
    writeFileSync(join(broken, 'functions/echo/index.ts'), "throw new Error('no such luck');");
    await expect(startPlatformProcess(['--project', broken], folder)).rejects.toThrow(
      /Function echo does not start\. [\s\S]*no such luck/,
    );
    expect(processesOf(folder)).toEqual([]);
    expect(existsSync(join(folder, 'platform.json'))).toBe(false);
  });

  test('an option that is none', async () => {
    await expect(startPlatformProcess(['--color'], newFolder())).rejects.toThrow("Unknown option '--color'");
  });
});
