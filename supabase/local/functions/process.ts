import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlatformError } from '../errors.ts';
import { localDir, projectDir } from '../paths.ts';
import { lastLines } from '../postgres/server.ts';
import { endProcess } from '../processes.ts';

export interface FunctionOptions {
  name: string;
  entrypoint: string;
  env: Record<string, string>;
  /** Its `deno.json`; this project's by default. */
  config?: string;
  /** In place of the imports in there. */
  importMap?: string;
  /** What the function prints is appended here. */
  logFile: string;
  /** Told whenever the process changes. */
  onPid?(pid: number): void;
  /** Told when the function could not start five times in a row; it is not tried again. */
  onGiveUp?(error: Error): void;
}

/** An Edge Function's process, started again whenever it ends. */
export interface FunctionProcess {
  readonly name: string;
  /** The process id; undefined between an end and the next start. */
  pid(): number | undefined;
  /** The port it listens on, waiting up to `timeout` ms for it; undefined when it does not come up. */
  port(timeout: number): Promise<number | undefined>;
  stop(): Promise<void>;
}

const permissions = ['--allow-net', '--allow-env', '--allow-read', '--allow-sys', '--allow-write=/tmp'];
const failedStartsAllowed = 5;

/** Starts an Edge Function under Deno on a free port and keeps it running. */
export function startFunction(options: FunctionOptions): FunctionProcess {
  const events = new EventEmitter().setMaxListeners(0);
  let child: ChildProcess | undefined;
  let port: number | undefined;
  let stopped = false;
  let failures = 0;
  mkdirSync(dirname(options.logFile), { recursive: true });

  const launch = () => {
    if (stopped) return;
    const current = spawnDeno(options, (listening) => {
      port = listening;
      failures = 0;
      events.emit('listening');
    });
    child = current;
    if (current.pid) options.onPid?.(current.pid);
    current.once('close', (code) => {
      const wasUp = port !== undefined;
      port = undefined;
      child = undefined;
      if (stopped) return;
      if (wasUp || code === null) return launch();
      if (++failures < failedStartsAllowed) return void setTimeout(launch, failures * 100);
      stopped = true;
      events.emit('listening');
      const end = lastLines(options.logFile);
      options.onGiveUp?.(
        new PlatformError(`Function ${options.name} does not start. The end of ${options.logFile}:\n${end}`),
      );
    });
  };
  launch();

  return {
    name: options.name,
    pid: () => child?.pid,
    async port(timeout) {
      const signal = AbortSignal.timeout(timeout);
      while (port === undefined && !stopped && !signal.aborted) {
        await once(events, 'listening', { signal }).catch(() => {});
      }
      return port;
    },
    async stop() {
      stopped = true;
      const pid = child?.pid;
      if (pid) await endProcess(pid, 'SIGTERM', 2_000);
      events.emit('listening');
    },
  };
}

function spawnDeno(options: FunctionOptions, onListening: (port: number) => void): ChildProcess {
  const runtime = join(localDir, 'functions', 'runtime.ts');
  const importMap = options.importMap ? [`--import-map=${options.importMap}`] : [];
  const log = openSync(options.logFile, 'a');
  const config = options.config ? ['--config', options.config] : [];
  const entrypoint = pathToFileURL(options.entrypoint).href;
  const child = spawn(
    denoBinary(),
    ['run', '--quiet', '--no-prompt', ...config, ...importMap, ...permissions, runtime, entrypoint],
    {
      cwd: projectDir,
      detached: true,
      stdio: ['pipe', 'pipe', log],
      env: { ...baseEnvironment(), ...options.env },
    },
  );
  closeSync(log);
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const listening = /^@@listening (\d+)\n?/m.exec(text);
    if (listening) onListening(Number(listening[1]));
    appendFileSync(options.logFile, listening ? text.replace(listening[0], '') : text);
  });
  return child;
}

/** What a process needs to run at all: hosted functions see nothing of the machine's environment either. */
function baseEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, DENO_DIR, LANG, TZ } = process.env;
  return { PATH, HOME, TMPDIR, DENO_DIR, LANG, TZ, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
}

function denoBinary(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('deno/package.json'));
  const binary = join(folder, process.platform === 'win32' ? 'deno.exe' : 'deno');
  if (existsSync(binary)) return binary;
  const { runInstall }: { runInstall(): string } = require('deno/install_api.cjs');
  return runInstall();
}
