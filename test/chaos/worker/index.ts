/**
 * The worker of the chaos run: the real one, with the run's own actions registered and its crash points armed.
 * The environment says how: `CHAOS_COUNTER_URL`, `CHAOS_CRASHES` (a CrashPlan) and `CHAOS_FAULT`.
 */
import process from 'node:process';
import { registerChaosActions } from './actions.ts';
import { armCrashPoints, type CrashPlan } from './crash.ts';
import { actOutsideTheTransaction } from './fault.ts';
import { announceFailedHandOvers } from './hand-over.ts';

const { CHAOS_COUNTER_URL, CHAOS_CRASHES, CHAOS_FAULT, SUPABASE_URL } = process.env;

registerChaosActions(CHAOS_COUNTER_URL);
if (CHAOS_FAULT === 'transaction') actOutsideTheTransaction();
if (SUPABASE_URL) announceFailedHandOvers(SUPABASE_URL);
if (CHAOS_CRASHES) armCrashPoints(JSON.parse(CHAOS_CRASHES) as CrashPlan);

// A computed address: the worker is Deno's to type-check, not Node's.
await import(new URL('../../../functions/worker/index.ts', import.meta.url).href);
