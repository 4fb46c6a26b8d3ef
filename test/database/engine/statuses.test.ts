import { afterAll, describe, expect, it } from 'vitest';
import { chain, claimOne, complete, outcome, publish, start } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';

const { sql } = await useEngineDatabase();

// One execution that has ended, so that nothing but the constraints looks at what is written into it.
const id = await start(sql, await publish(sql, { steps: chain('one') }));
await complete(sql, outcome(await claimOne(sql)));
afterAll(() => sql`truncate public.workflow_executions cascade`);

const error = '{"code": "broken"}';
const time = '2026-11-01T09:00:00Z';
const blank = { status: 'queued', error: null, started_at: null, finished_at: null };

/** Writes the columns and takes them back; a row that is refused throws 23514. */
async function write(table: string, key: string, columns: object): Promise<string> {
  const kept = new Error('kept');
  return sql
    .begin(async (tx) => {
      await tx`update ${tx(table)} set ${tx({ ...blank, ...columns } as never)} where ${tx(key)} = ${id}`;
      throw kept;
    })
    .catch((thrown) => (thrown === kept ? 'kept' : thrown.code));
}

const illegal = '23514';

describe('an execution', () => {
  const begun = { started_at: time };
  const ended = { started_at: time, finished_at: time };

  it.each<[string, object, string]>([
    ['queued', { status: 'queued' }, 'kept'],
    ['running', { status: 'running', ...begun }, 'kept'],
    ['waiting', { status: 'waiting', ...begun }, 'kept'],
    ['succeeded', { status: 'succeeded', ...ended }, 'kept'],
    ['failed', { status: 'failed', ...ended, error }, 'kept'],
    ['cancelled before it was admitted', { status: 'cancelled', finished_at: time }, 'kept'],
    ['of an unknown status', { status: 'paused', ...begun }, illegal],
    ['of an unknown mode', { mode: 'dry' }, illegal],
    ['queued and finished', { status: 'queued', finished_at: time }, illegal],
    ['running without a start', { status: 'running' }, illegal],
    ['running and finished', { status: 'running', ...ended }, illegal],
    ['waiting without a start', { status: 'waiting' }, illegal],
    ['waiting and finished', { status: 'waiting', ...ended }, illegal],
    ['succeeded without an end', { status: 'succeeded', ...begun }, illegal],
    ['succeeded without a start', { status: 'succeeded', finished_at: time }, illegal],
    ['failed without an error', { status: 'failed', ...ended }, illegal],
    ['failed without an end', { status: 'failed', ...begun, error }, illegal],
    ['cancelled without an end', { status: 'cancelled', ...begun }, illegal],
  ])('%s', async (_case, columns, expected) => {
    expect(await write('workflow_executions', 'id', columns)).toBe(expected);
  });
});

describe('a step run', () => {
  const begun = { started_at: time };
  const ended = { started_at: time, finished_at: time };

  it.each<[string, object, string]>([
    ['queued', { status: 'queued' }, 'kept'],
    ['running', { status: 'running', ...begun }, 'kept'],
    ['waiting', { status: 'waiting', ...begun }, 'kept'],
    ['succeeded', { status: 'succeeded', ...ended }, 'kept'],
    ['failed', { status: 'failed', ...ended, error }, 'kept'],
    ['failed and handled', { status: 'failed', ...ended, error, handled: true }, 'kept'],
    ['skipped', { status: 'skipped', ...ended }, 'kept'],
    ['cancelled before it began', { status: 'cancelled', finished_at: time }, 'kept'],
    ['of an unknown status', { status: 'done', ...ended }, illegal],
    ['queued and finished', { status: 'queued', finished_at: time }, illegal],
    ['running without a start', { status: 'running' }, illegal],
    ['running and finished', { status: 'running', ...ended }, illegal],
    ['waiting and finished', { status: 'waiting', ...ended }, illegal],
    ['succeeded without an end', { status: 'succeeded', ...begun }, illegal],
    ['skipped without an end', { status: 'skipped', ...begun }, illegal],
    ['failed without an error', { status: 'failed', ...ended }, illegal],
    ['failed without an end', { status: 'failed', ...begun, error }, illegal],
    ['handled without a failure', { status: 'succeeded', ...ended, handled: true }, illegal],
    ['cancelled without an end', { status: 'cancelled', ...begun }, illegal],
  ])('%s', async (_case, columns, expected) => {
    expect(await write('workflow_execution_steps', 'execution_id', columns)).toBe(expected);
  });
});
