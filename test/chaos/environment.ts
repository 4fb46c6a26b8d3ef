import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type SupabaseClient, type WebSocketLikeConstructor } from '@supabase/supabase-js';
import postgres, { type Sql } from 'postgres';
import { WebSocket } from 'ws';
import { type CrashPoint, crashPoints } from '../../functions/worker/crash-points.ts';
import { functionEnvironment } from '../../supabase/local/functions/environment.ts';
import { projectDir } from '../../supabase/local/paths.ts';
import { storeSecrets } from '../../supabase/local/vault.ts';
import { type PlatformProcess, startPlatformProcess } from '../support/platform-process.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { type Counter, startCounter } from './counter.ts';
import { switchFencingOff } from './fault.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Options } from './options.ts';
import { registerChaosActions } from './worker/actions.ts';
import type { CrashPlan } from './worker/crash.ts';

/** Everything the run needs: a platform of its own, its workers behind a balancer, a counter. */
export interface Environment {
  platform: PlatformProcess;
  /** As role `postgres`. */
  sql: Sql;
  /** As superuser, for what a hosted project does not allow. */
  adminSql: Sql;
  /** Signed in as a member of the organisation. */
  client: SupabaseClient;
  /** The member, who also decides approvals. */
  userId: string;
  organizationId: string;
  fleet: Fleet;
  balancer: Balancer;
  counter: Counter;
  /** Stops every part and removes all files. */
  stop(): Promise<void>;
}

/** Rare points get the higher probabilities: all are hit about equally often, some fifty times in 500 executions. */
const kill: CrashPlan['kill'] = {
  after_claim: 0.018,
  inside_action: 0.02,
  after_external_effect: 0.14,
  before_commit: 0.04,
  after_commit: 0.02,
};
const never = {
  after_claim: 0,
  inside_action: 0,
  after_external_effect: 0,
  before_commit: 0,
  after_commit: 0,
};

/**
 * A third of the workers live long enough for their stalls to come to an end. Only late workers show that
 * the fencing is missing: without it, nearly all live, and stall often.
 */
function fleetFor({ fault, workers, executions }: Options): { spared: number; plan: CrashPlan } {
  const milliseconds = 4_000;
  const often = (point: CrashPoint) => [point, kill[point] * (executions < 100 ? 2 : 1)] as const;
  const kills = Object.fromEntries(crashPoints.map(often)) as CrashPlan['kill'];
  return fault === 'fencing'
    ? { spared: workers - 1, plan: { kill: never, stall: { probability: 0.2, milliseconds } } }
    : { spared: Math.floor(workers / 3), plan: { kill: kills, stall: { probability: 0.02, milliseconds } } };
}

const connect = (url: string) => postgres(url, { max: 3, onnotice: () => {}, connect_timeout: 5 });

/** Starts it all. @param random decides who is killed and who gets which request */
export async function startEnvironment(
  options: Options,
  random: () => number,
  onGiveUp: (error: Error) => void,
): Promise<Environment> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    const platform = await startPlatformProcess(['--no-functions']);
    stops.push(platform.stop);
    const { api_url, db_url, publishable_key, demo, data_dir } = platform.details;
    const { logs } = options;
    if (logs) stops.push(async () => cpSync(join(data_dir, 'logs'), logs, { recursive: true }));
    const adminUrl = db_url.replace('//postgres:', '//supabase_admin:');
    const [sql, adminSql] = [connect(db_url), connect(adminUrl)];
    stops.push(() => Promise.all([sql, adminSql].map((connection) => connection.end({ timeout: 1 }))));
    const organizationId = demo.organization_id ?? '';
    await sql.unsafe(readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'));
    if (options.fault === 'fencing') await switchFencingOff(sql);

    const counter = await startCounter();
    stops.push(counter.stop);
    registerChaosActions();
    const balancer = await startBalancer(() => fleet.port());
    stops.push(balancer.stop);
    const fleet: Fleet = startFleet({
      size: options.workers,
      env: {
        ...functionEnvironment(projectDir, balancer.url, db_url),
        WORKER_URL: `${balancer.url}/functions/v1/worker`,
        CHAOS_COUNTER_URL: counter.url,
        CHAOS_FAULT: options.fault,
      },
      ...fleetFor(options),
      logDir: join(data_dir, 'logs'),
      random,
      onGiveUp,
    });
    stops.push(fleet.stop);
    await storeSecrets(adminUrl, { project_url: balancer.url });

    const client = createClient(api_url, publishable_key, {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: WebSocket as unknown as WebSocketLikeConstructor },
    });
    const { data, error } = await client.auth.signInWithPassword(demo);
    if (error) throw error;
    const userId = data.user.id;
    return { platform, sql, adminSql, client, userId, organizationId, fleet, balancer, counter, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
