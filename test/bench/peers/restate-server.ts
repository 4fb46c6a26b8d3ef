import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../supabase/local/ports.ts';

const longestStart = 30_000;
const longestEnd = 4_000;

/** A single Restate node on free ports, in a folder of its own. */
export class RestateServer {
  private child?: ChildProcess;
  private printed = '';
  private readonly folder = mkdtempSync(join(tmpdir(), 'bench-restate-'));
  ingress = '';
  private admin = '';

  /** @throws with what it printed, when it does not get ready */
  async start(): Promise<void> {
    const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
    this.ingress = `http://127.0.0.1:${ingress}`;
    this.admin = `http://127.0.0.1:${admin}`;
    this.child = spawn(binary(), ['--base-dir', this.folder], {
      env: {
        ...process.env,
        RESTATE_DISABLE_TELEMETRY: 'true',
        RESTATE_LOG_FILTER: 'warn',
        RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
        RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.printed = (this.printed + text).slice(-2_000);
      });
    }
    await this.ready(`${this.admin}/health`);
    await this.ready(`${this.ingress}/restate/health`);
  }

  /** Tells the server where the services are. */
  async register(uri: string): Promise<void> {
    const response = await fetch(`${this.admin}/deployments`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ uri }),
    });
    if (!response.ok) throw new Error(`Restate refused the deployment: ${await response.text()}`);
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), longestEnd);
      await exited;
      clearTimeout(kill);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ready(url: string): Promise<void> {
    const until = Date.now() + longestStart;
    while (Date.now() < until) {
      if (this.child?.exitCode !== null) break;
      const response = await fetch(url).catch(() => undefined);
      if (response?.ok) return;
      await sleep(100);
    }
    throw new Error(`Restate did not get ready: ${this.printed.trim()}`);
  }
}

/** The binary itself: the package's script would stand between us and its process. */
function binary(): string {
  const require = createRequire(import.meta.url);
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  return join(dirname(require.resolve(`${name}/package.json`)), 'bin/restate-server');
}
