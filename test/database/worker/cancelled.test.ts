import { expect, it } from 'vitest';
import { registerActionHandler } from '../../../shared/actions/registry.ts';
import { claimOne, execution, publish, start, statuses } from '../../support/engine.ts';
import { useEngineDatabase } from '../../support/engine-database.ts';
import { useWorker } from '../../support/worker.ts';

const database = await useEngineDatabase();
const worker = useWorker(database);
const { sql } = database;

let reason: unknown;
let begun: () => void;
const began = new Promise<void>((resolve) => {
  begun = resolve;
});

registerActionHandler(
  'test.waitForSignal',
  (_, { signal }) =>
    new Promise((_, reject) => {
      begun();
      signal.addEventListener('abort', () => {
        reason = signal.reason;
        reject(signal.reason);
      });
    }),
  { kind: 'external' },
);

it('cancelling an execution fires the signal of the step that runs, and its late outcome is refused', async () => {
  const workflow = await publish(sql, {
    steps: [{ id: 'act', type: 'action', action: 'test.waitForSignal', params: {}, timeout: '5m' }],
  });
  const id = await start(sql, workflow);
  const running = worker.run([await claimOne(sql)]);
  await began;
  await sql`update public.workflow_executions set status = 'cancelled' where id = ${id}`;
  expect(await running).toEqual([]);
  expect(reason).toMatchObject({ code: 'cancelled' });
  expect(await execution(sql, id)).toMatchObject({ status: 'cancelled', error: null });
  expect(await statuses(sql, id)).toEqual({ act: 'cancelled' });
});
