import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  chain,
  claim,
  claimOne,
  complete,
  execution,
  failure,
  outcome,
  publish,
  start,
  type TestWorkflow,
} from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const database = await useEngineDatabase();
const { sql } = database;
const other = database.connect();
const [ada, eve, organization, foreign] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
let workflow: TestWorkflow;

interface Answer {
  ids: string[];
  count: number;
  more: boolean;
  refused: { id: string; code: string; hint: string }[];
  last: string;
}

beforeAll(async () => {
  await sql`insert into auth.users (id, email) values (${ada}, 'ada@b.io'), (${eve}, 'eve@b.io')`;
  await sql`insert into public.organizations (id, name) values (${organization}, 'Bulk'), (${foreign}, 'Foreign')`;
  await sql`insert into public.organization_members (organization_id, user_id, role)
    values (${organization}, ${ada}, 'editor'), (${organization}, ${eve}, 'viewer')`;
});

beforeEach(async () => {
  workflow = await publish(sql, { steps: chain('one', 'two') }, organization);
});

afterEach(async () => {
  await sql`truncate public.workflows, public.workflow_executions cascade`;
  await sql`select pgmq.purge_queue(q) from unnest(array['workflow', 'workflow_bulk']) q`;
  await sql`update workflow.settings set max_in_flight = default`;
});

/** Calls a bulk function as a signed-in user, under row-level security. */
async function asUser(
  user: string,
  name: 'cancel' | 'retry',
  args: Record<string, unknown> = {},
): Promise<Answer> {
  return sql.begin(async (tx) => {
    await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: user, role: 'authenticated' })}, true)`;
    await tx`set local role authenticated`;
    const all = Object.entries({ p_organization: organization, ...args });
    const list = all.map(([key], i) => `${key} => $${i + 1}`).join(', ');
    const values = all.map(([, value]) => value) as never[];
    const [row] = await tx.unsafe(`select public.${name}_workflow_executions(${list}) as answer`, values);
    return row?.answer;
  });
}

/** Resolves when a session waits for a lock in a call of this function. */
const waitsForLock = (name: string) =>
  expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and query like ${`%${name}%`}`
        ).length,
      { timeout: 10_000 },
    )
    .toBe(1);

const starts = async (count: number, of = workflow) => {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await start(sql, of));
  return ids;
};
const statusesOf = (ids: string[]) => Promise.all(ids.map(async (id) => (await execution(sql, id)).status));

/** Starts executions that fail with these codes. */
async function failing(...codes: string[]): Promise<string[]> {
  const ids = await starts(codes.length);
  for (const one of await claim(sql, codes.length)) {
    await complete(sql, failure(one, { code: codes[ids.indexOf(one.execution_id)] }));
  }
  return ids;
}

describe('cancelling in bulk', () => {
  it('cancels what has not ended, and of one workflow only where one is named', async () => {
    const second = await publish(sql, { steps: chain('one') }, organization);
    const [mine, others] = [await starts(3), await starts(1, second)];
    const answer = await asUser(ada, 'cancel', { p_workflow: workflow.id });
    expect(answer).toEqual({ ids: [...mine].sort(), count: 3, more: false });
    expect(await statusesOf([...mine, ...others])).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
      'running',
    ]);
    expect(await asUser(ada, 'cancel')).toMatchObject({ ids: others });
  });

  it('takes the newest first, as many as it may, and says when there are more', async () => {
    const ids = await starts(3);
    expect(await asUser(ada, 'cancel', { p_limit: 2 })).toMatchObject({ ids: ids.slice(1), more: true });
    expect(await asUser(ada, 'cancel', { p_limit: 2 })).toMatchObject({ ids: ids.slice(0, 1), more: false });
  });

  it('goes by status and time', async () => {
    await sql`update workflow.settings set max_in_flight = 1`;
    const ids = await starts(3);
    const [row] = await sql`select created_at from public.workflow_executions where id = ${ids[2] ?? ''}`;
    expect(await asUser(ada, 'cancel', { p_status: ['queued'], p_until: row?.created_at })).toMatchObject({
      ids: [ids[1]],
    });
    expect(await asUser(ada, 'cancel', { p_since: row?.created_at })).toMatchObject({ ids: [ids[2]] });
    expect(await statusesOf(ids)).toEqual(['running', 'cancelled', 'cancelled']);
  });

  it('leaves alone what ends while it waits for it', async () => {
    const [id] = await starts(1, await publish(sql, { steps: chain('one') }, organization));
    const step = await claimOne(sql);
    let cancelling: Promise<Answer> | undefined;
    await other.begin(async (tx) => {
      await complete(tx, outcome(step));
      cancelling = asUser(ada, 'cancel');
      await waitsForLock('cancel_workflow_executions');
    });
    expect(await cancelling).toMatchObject({ ids: [], count: 0 });
    expect(await statusesOf([id ?? ''])).toEqual(['succeeded']);
  });
});

describe('retrying in bulk', () => {
  it('repeats what has failed, from the step and with the error code that are named', async () => {
    const [first, , third] = await failing('busy', 'broken', 'busy');
    const answer = await asUser(ada, 'retry', { p_error_code: 'busy', p_from: '@failed' });
    const rows = await sql`select retry_of, retry_from, created_by from public.workflow_executions
      where id = any (${answer.ids}::uuid[]) order by id`;
    expect([...rows]).toEqual([
      { retry_of: first, retry_from: 'one', created_by: ada },
      { retry_of: third, retry_from: 'one', created_by: ada },
    ]);
    expect(answer).toMatchObject({ count: 2, refused: [], more: false });
  });

  it('repeats each execution once, however often it is called', async () => {
    await failing('busy', 'busy');
    expect(await asUser(ada, 'retry', { p_limit: 1 })).toMatchObject({ count: 1, more: true });
    expect(await asUser(ada, 'retry')).toMatchObject({ count: 1, more: false });
    expect(await asUser(ada, 'retry')).toMatchObject({ count: 0, more: false });
  });

  it('by two callers at the same moment repeats each execution once', async () => {
    await failing('busy');
    let second: Promise<Answer> | undefined;
    const first = await other.begin(async (tx) => {
      const [row] = await tx`select public.retry_workflow_executions(${organization}) as answer`;
      second = asUser(ada, 'retry');
      await waitsForLock('retry_workflow_executions');
      return row?.answer;
    });
    expect([first.count, (await second)?.count]).toEqual([1, 0]);
  });

  it('tells which it could not repeat, and why, and repeats the others', async () => {
    const [failed] = await failing('busy');
    const [succeeded] = await starts(1, await publish(sql, { steps: chain('one') }, organization));
    await complete(sql, outcome(await claimOne(sql)));
    const answer = await asUser(ada, 'retry', { p_status: ['failed', 'succeeded'], p_from: '@failed' });
    expect(answer).toMatchObject({
      count: 1,
      refused: [{ id: succeeded, code: 'nothing_failed', hint: expect.any(String) }],
    });
    const [retry] =
      await sql`select retry_of from public.workflow_executions where id = ${answer.ids[0] ?? ''}`;
    expect(retry?.retry_of).toBe(failed);
  });

  it('goes on after the last of the call before', async () => {
    const ids = await failing('busy', 'busy');
    expect(await asUser(ada, 'retry', { p_after: ids[0] })).toMatchObject({ count: 1, last: ids[1] });
  });
});

describe.each(['cancel', 'retry'] as const)('the right to %s in bulk', (name) => {
  it.each([
    ['a viewer', eve, organization],
    ['who is no member', ada, foreign],
  ])('%s has not', async (_who, user, where) => {
    await expect(asUser(user, name, { p_organization: where })).rejects.toMatchObject({
      detail: 'not_allowed',
      hint: expect.any(String),
    });
  });

  it('ends at an organisation and at a thousand', async () => {
    await expect(asUser(ada, name, { p_limit: 1001 })).rejects.toMatchObject({ detail: 'invalid_bulk' });
    await expect(asUser(ada, name, { p_organization: null })).rejects.toMatchObject({
      detail: 'invalid_bulk',
    });
  });
});
