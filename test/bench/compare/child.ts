import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Request, Response } from './host.ts';
import type { Peer } from './peer.ts';

/** A contender in a process of its own. */
export interface ChildPeer extends Peer {
  /** Ends the process, if need be the hard way. */
  stop(): Promise<void>;
}

const host = fileURLToPath(new URL('host.ts', import.meta.url));
/** Milliseconds that each call may take. */
const longest = { setup: 120_000, run: 300_000, close: 30_000 };
const longestEnd = 8_000;

/** @param module absolute path of the contender's module */
export function startChild(module: string, options: Record<string, number>): ChildPeer {
  const child = spawn(process.execPath, ['--import', 'tsx', host, module, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-2_000);
    });
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const call = <T>(method: Request['method'], ...args: unknown[]) =>
    ask<T>(child, { method, args }, () => printed);
  return {
    setup: (url) => call('setup', url),
    run: (shape, executions, concurrency) => call('run', shape, executions, concurrency),
    close: () => call('close'),
    async stop() {
      if (child.connected) child.disconnect();
      const kill = setTimeout(() => child.kill('SIGKILL'), longestEnd);
      await exited;
      clearTimeout(kill);
    },
  };
}

/** @throws with the contender's own words, when it fails, ends or takes too long */
function ask<T>(child: ChildProcess, request: Request, printed: () => string): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      act();
    };
    const onMessage = (response: Response) =>
      finish(() => ('error' in response ? reject(new Error(response.error)) : resolve(response.result as T)));
    const onExit = async () => {
      // Its last words may still be on the way.
      await sleep(200);
      finish(() => reject(new Error(printed().trim() || 'the process ended without a word')));
    };
    const limit = longest[request.method];
    const timer = setTimeout(
      () => finish(() => reject(new Error(`${request.method} took more than ${limit / 1000} s`))),
      limit,
    );
    child.on('message', onMessage).once('exit', onExit);
    if (child.connected) child.send(request);
    else void onExit();
  });
}
