import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { advance, chain, publish } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

// What of webhooks and secrets depends on time or on Vault; test/e2e/webhooks.test.ts has the rest, over HTTP.

const { sql } = await useEngineDatabase();

beforeEach(async () => {
  await sql`update workflow.settings set clock_offset = '0'`;
});

async function makeWebhook(trigger: object = {}): Promise<{ id: string; token: string }> {
  const { id } = await publish(sql, { trigger: { type: 'webhook', ...trigger }, steps: chain('one') });
  const [row] = await sql`select public.create_webhook(${id}) as made`;
  return row?.made;
}

async function open(token: string): Promise<{ wait_ms: number | null }> {
  const [row] = await sql`select workflow.open_webhook(${token}, null) as webhook`;
  return row?.webhook;
}

describe('the tokens of a webhook', () => {
  it('work until the grace of their rotation is over', async () => {
    const { id, token } = await makeWebhook();
    const [row] = await sql`select public.rotate_webhook(${id}, '1 hour') as made`;
    await advance(sql, '59 minutes');
    expect(await open(token)).toMatchObject({ webhook_id: id });
    await advance(sql, '2 minutes');
    await expect(open(token)).rejects.toMatchObject({ detail: 'webhook_not_found' });
    expect(await open(row?.made.token)).toMatchObject({ webhook_id: id });
  });

  it('that are rotated again do not work for longer', async () => {
    const { id, token } = await makeWebhook();
    await sql`select public.rotate_webhook(${id}, '1 hour'), public.rotate_webhook(${id}, '1 day')`;
    await advance(sql, '2 hours');
    await expect(open(token)).rejects.toMatchObject({ detail: 'webhook_not_found' });
  });

  it('have a grace of at most 30 days', async () => {
    const { id } = await makeWebhook();
    for (const grace of ['31 days', '-1 day']) {
      await expect(sql`select public.rotate_webhook(${id}, ${grace})`).rejects.toMatchObject({
        detail: 'invalid_grace',
      });
    }
  });

  it('that are made leave an entry in the audit log', async () => {
    const { id } = await makeWebhook();
    const log = await sql`select event from public.workflow_audit_log where details ->> 'webhook_id' = ${id}`;
    expect([...log]).toEqual([{ event: 'webhook_token_issued' }]);
  });
});

it('the requests of a webhook are counted by the minute', async () => {
  const { token } = await makeWebhook({ requestsPerMinute: 2 });
  const waits = async () => {
    const { wait_ms } = await open(token);
    return wait_ms === null ? null : wait_ms > 0 && wait_ms <= 60_000;
  };
  expect([await waits(), await waits(), await waits()]).toEqual([null, null, true]);
  await advance(sql, '61 seconds');
  expect([await waits(), await waits(), await waits()]).toEqual([null, null, true]);
});

it('signatures are forgotten when their time is over', async () => {
  const { id } = await makeWebhook();
  const remember = (signature: string, expires: string) => sql`
    select workflow.remember_webhook_signature(${id}, ${signature}::text::bytea, now() + ${expires}::interval)`;
  await remember('old', '-1 second');
  await remember('new', '1 minute');
  const kept =
    await sql`select convert_from(signature, 'UTF8') as it from workflow.webhook_signatures where webhook_id = ${id}`;
  expect([...kept]).toEqual([{ it: 'new' }]);
  await expect(remember('new', '1 minute')).rejects.toMatchObject({ detail: 'webhook_replayed' });
});

describe('a secret', () => {
  const organization = randomUUID();
  const value = async () => {
    const [row] = await sql`select workflow.secret_value(${organization}, 'KEY') as value`;
    return row?.value;
  };
  const set = (text: string, hosts: string[] | null = null) =>
    sql`select public.set_workflow_secret(${organization}, 'KEY', ${text}, ${hosts})`;

  it('is replaced, keeps its hosts unless others are given, and goes with its row', async () => {
    await set('first', ['api.example.com']);
    expect(await value()).toBe('first');
    await set('second');
    expect(await value()).toBe('second');
    const rows =
      await sql`select name, allowed_hosts from public.workflow_secrets where organization_id = ${organization}`;
    expect([...rows]).toEqual([{ name: 'KEY', allowed_hosts: ['api.example.com'] }]);
    await sql`delete from public.workflow_secrets where organization_id = ${organization}`;
    expect(await value()).toBeNull();
    const [vault] =
      await sql`select count(*)::int as n from vault.secrets where name like 'workflow_secret:%'`;
    expect(vault?.n).toBe(0);
  });

  it('needs a value and a name that a definition can write', async () => {
    await expect(set('')).rejects.toMatchObject({ detail: 'empty_secret' });
    const odd = sql`select public.set_workflow_secret(${organization}, 'a b', 'x')`;
    await expect(odd).rejects.toMatchObject({ code: '23514' });
  });

  it('is set by admins of its organisation and seen by editors, its value by nobody', async () => {
    const user = randomUUID();
    await sql`insert into auth.users (id, email) values (${user}, ${`${user}@example.com`})`;
    await sql`insert into public.organizations (id, name) values (${organization}, 'Test')`;
    await sql`insert into public.organization_members values (${organization}, ${user}, 'editor')`;
    await set('x');
    const asUser = (statement: string) =>
      sql.begin(async (tx) => {
        await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: user, role: 'authenticated' })}, true)`;
        await tx`set local role authenticated`;
        return tx.unsafe(statement);
      });
    const write = `select public.set_workflow_secret('${organization}', 'KEY', 'y')`;
    await expect(asUser(write)).rejects.toMatchObject({ detail: 'not_an_admin' });
    expect(await asUser('select name from public.workflow_secrets')).toHaveLength(1);
    expect(await asUser('delete from public.workflow_secrets returning id')).toHaveLength(0);
    for (const read of [
      `select workflow.secret_value('${organization}', 'KEY')`,
      'select from vault.decrypted_secrets',
    ]) {
      await expect(asUser(read)).rejects.toMatchObject({ code: '42501' });
    }
    await sql`update public.organization_members set role = 'admin' where user_id = ${user}`;
    await asUser(write);
    expect(await value()).toBe('y');
  });
});
