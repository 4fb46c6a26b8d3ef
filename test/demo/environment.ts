import { resolve } from 'node:path';
import { createClient, type SupabaseClient, type WebSocketLikeConstructor } from '@supabase/supabase-js';
import { WebSocket } from 'ws';
import { publishableKey } from '../../supabase/local/keys.ts';
import { defaultDataDir } from '../../supabase/local/paths.ts';
import { startPlatform } from '../../supabase/local/platform.ts';
import { readState } from '../../supabase/local/state.ts';

export interface DemoEnvironment {
  /** A client nobody is signed in on. */
  connect(): SupabaseClient;
  logs: string;
}

export const say = (line: string) => process.stderr.write(`${line}\n`);

let logs = '';

/** Runs work on the platform that runs on the data folder, or on one that is started and stopped for it. */
export async function onPlatform<T>(
  dir: string | undefined,
  work: (environment: DemoEnvironment) => Promise<T>,
) {
  const dataDir = resolve(dir ?? defaultDataDir);
  logs = resolve(dataDir, 'logs');
  const running = await findRunning(dataDir);
  if (running) {
    say(`Using the platform that runs at ${running}`);
    return work({ connect: () => connect(running), logs });
  }
  const platform = await startPlatform({ dataDir, say, onFailure: failWith });
  const stop = () => void platform.stop().then(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work({ connect: () => connect(platform.apiUrl), logs });
  } finally {
    await platform.stop();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Says what failed and where to look, and ends with 1. */
export function failWith(error: Error): void {
  say(`\nThe demo failed: ${error.message}`);
  if (logs) say(`Logs: ${logs}`);
  process.exitCode = 1;
}

async function findRunning(dataDir: string): Promise<string | undefined> {
  const url = readState(dataDir)?.api_url;
  if (!url) return undefined;
  const answer = await fetch(`${url}/auth/v1/health`, {
    headers: { apikey: publishableKey },
    signal: AbortSignal.timeout(2_000),
  }).catch(() => undefined);
  return answer ? url : undefined;
}

function connect(url: string): SupabaseClient {
  return createClient(url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WebSocket as unknown as WebSocketLikeConstructor },
  });
}
