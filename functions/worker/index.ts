/**
 * The worker: runs workflow steps, one per invocation.
 *
 *   pg_net (a wake-up) ──▶ invocation ──▶ claim ─▶ run ─▶ complete ──▶ next invocation ──▶ … ──▶ linger, retire
 *
 * A transaction that makes work ready posts one wake-up. The invocation takes a slot, claims a step,
 * runs it and reports its outcome; the same commit claims the successor, which goes to the next
 * invocation in the body of a call to this very function. Postgres decides everything about what runs
 * next; this function can die at any moment, and the lease brings the step back.
 *
 * A caller needs the project's secret key. The answer is 202 at once, work goes on in the background.
 */
import { z } from 'zod';
import { connect, isWriteAfterClose } from '../../shared/database/connect.ts';
import '../actions.ts';
import type { Claim } from './claim.ts';
import { Engine } from './engine.ts';
import { handOverTo } from './hand-over.ts';
import { type Handover, Invocation } from './invocation.ts';
import { isAuthorized, secretKeys } from './key.ts';
import { Runner } from './run.ts';
import { TestRuns } from './test-run.ts';
import { Versions } from './versions.ts';

declare const EdgeRuntime: { waitUntil(promise: Promise<unknown>): void };

const keys = secretKeys(Deno.env);
const connections = connect(Deno.env, 'workflow-worker');
const engine = new Engine(connections);
const runner = new Runner(engine, new Versions(engine));
/** Where the worker calls itself: through the gateway, unless `WORKER_URL` names a shorter way. */
const self = () => Deno.env.get('WORKER_URL') ?? `${Deno.env.get('SUPABASE_URL')}/functions/v1/worker`;
const handOver = handOverTo(self, keys[0] ?? '');
const testRuns = new TestRuns(connections, handOver);

const claimSchema = z.looseObject({
  step_run_id: z.uuid(),
  token: z.uuid(),
  strand_id: z.uuid(),
  execution_id: z.uuid(),
  path: z.string(),
}) as unknown as z.ZodType<Claim>;

const handoverSchema = z.object({
  test: z.boolean().optional(),
  slot: z.object({ id: z.int(), token: z.uuid(), steps_per_invocation: z.int().positive() }).optional(),
  claims: z.array(claimSchema).optional(),
});

// A lost connection ends the invocations that used it, not the whole isolate.
globalThis.addEventListener('error', (event) => {
  if (isWriteAfterClose(event.error)) event.preventDefault();
});

function problem(status: number, code: string, detail: string): Response {
  return Response.json(
    { type: 'about:blank', status, code, detail },
    {
      status,
      headers: { 'Content-Type': 'application/problem+json' },
    },
  );
}

async function work(handover: Handover): Promise<void> {
  try {
    if (handover.test) await testRuns.run();
    else await new Invocation(engine, runner, handOver).run(handover);
  } catch (error) {
    // The lease, the sweep and the next wake-up bring back whatever this invocation held.
    console.error('workflow worker: invocation ended early:', error);
  }
}

Deno.serve(async (request) => {
  if (!isAuthorized(request, keys)) {
    return problem(401, 'unauthorized', "Send the project's secret key in the apikey header.");
  }
  if (request.method !== 'POST') return problem(405, 'method_not_allowed', 'Use POST.');
  let body: unknown;
  try {
    body = JSON.parse((await request.text()) || '{}');
  } catch {
    return problem(400, 'invalid_json', 'The body is not JSON. Send {} to wake the worker.');
  }
  const handover = handoverSchema.safeParse(body);
  if (!handover.success) return problem(400, 'invalid_body', z.prettifyError(handover.error));
  EdgeRuntime.waitUntil(work(handover.data));
  return new Response(null, { status: 202 });
});
