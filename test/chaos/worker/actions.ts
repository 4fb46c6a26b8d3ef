import { registerActionHandler } from '../../../shared/actions/registry.ts';
import type { ActionContext } from '../../../shared/actions/types.ts';
import { type Json, StepError } from '../../../shared/errors.ts';

/**
 * Registers the actions of the chaos run: in its worker, which runs them, and in the command, which
 * publishes workflows that use them.
 *
 * @param counterUrl where `chaos.call` counts
 */
export function registerChaosActions(counterUrl = ''): void {
  registerActionHandler('chaos.call', (_, context) => call(counterUrl, context));
  registerActionHandler('chaos.flakyCall', async (_, context) => {
    const answer = await call(counterUrl, context);
    failFirst(context);
    return answer;
  });
  registerActionHandler('chaos.increment', (params, context) => increment(params, context), {
    kind: 'database',
  });
  registerActionHandler('chaos.flakyWrite', flakyWrite, { kind: 'database' });
  registerActionHandler('chaos.fail', () => {
    throw new StepError({ code: 'chaos_failure', message: 'This step always fails.' });
  });
}

/** An effect outside of the database, which cannot be taken back. */
async function call(url: string, { stepRunId, signal }: ActionContext) {
  const response = await fetch(url, { method: 'POST', headers: { 'idempotency-key': stepRunId }, signal });
  if (!response.ok) throw new Error(`The counter answered ${response.status}.`);
  return { calls: Number(await response.text()) };
}

/** Adds one to a row that many executions share. */
async function increment(params: Json, { db }: ActionContext) {
  await db
    .updateTable('public.chaos_counters')
    .set((eb) => ({ count: eb('count', '+', 1) }))
    .where('id', '=', (params as { counter: number }).counter)
    .execute();
  return null;
}

/** Writes in every attempt; what the first one wrote must not stay. */
async function flakyWrite(_: unknown, context: ActionContext) {
  const { db, organizationId, executionId, stepId } = context;
  await db
    .insertInto('public.chaos_effects')
    .values({ organization_id: organizationId, execution_id: executionId, step: stepId })
    .execute();
  failFirst(context);
  return null;
}

function failFirst({ attempt }: ActionContext): void {
  if (attempt > 1) return;
  throw new StepError({ code: 'chaos_flaky', message: 'The first attempt fails.', retryable: true });
}
