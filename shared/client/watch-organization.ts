import type { RealtimeChannel } from '@supabase/supabase-js';
import type { Json } from '../errors.ts';
import { workflowError } from './error.ts';
import type { ExecutionStatus } from './snapshot.ts';
import { type AnySupabaseClient, engineClient } from './supabase.ts';
import { type Role, rolesUpTo } from './types.ts';

/** Payload of event `execution` on `workflow:org:<id>`: an execution whose status has changed. */
export interface ExecutionChange {
  id: string;
  workflow_id: string;
  workflow_version: number;
  status: ExecutionStatus;
  mode: 'live' | 'test';
  /** What started it. */
  trigger: string;
  steps_done: number;
  /** Null until it has succeeded, and when it is larger than 8 kB: the row has it. */
  output: Json;
  error: Json;
  /** Grows with each transaction that changes the execution. */
  revision: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface OrganizationChange {
  /** The organisation's latest executions, newest first. */
  executions: ExecutionChange[];
  /** Those that are new or have changed since the last call. */
  changed: ExecutionChange[];
}

export interface WatchOrganizationOptions {
  /** The caller's role: executions of workflows that need it are watched too. `viewer` by default. */
  role?: Role;
  /** How many of the latest executions are kept; 100 by default, at most 1,000. */
  limit?: number;
  /** Milliseconds after which the rows are read again, should messages have been lost; 30,000 by default. */
  rereadMs?: number;
  /** Called when reading or subscribing fails; watching goes on. */
  onError?: (error: Error) => void;
}

export interface OrganizationWatch {
  /** Leaves the channels. */
  stop(): Promise<void>;
}

const columns =
  'id, workflow_id, workflow_version, status, mode, trigger:trigger->>type, steps_done, output, error, revision, created_at, started_at, finished_at';

/**
 * Watches an organisation's executions: subscribes, reads the latest, applies each change of a status that is newer, and reads
 * again after a reconnect and from time to time.
 *
 * @param supabase a client signed in as a member
 * @param onChange called with the latest executions after each change, and once at the start
 */
export function watchOrganization(
  supabase: AnySupabaseClient,
  organizationId: string,
  onChange: (change: OrganizationChange) => void,
  options: WatchOrganizationOptions = {},
): OrganizationWatch {
  const watcher = new OrganizationWatcher(supabase, organizationId, onChange, options);
  watcher.start();
  return { stop: () => watcher.stop() };
}

class OrganizationWatcher {
  private readonly known = new Map<string, ExecutionChange>();
  private channels: RealtimeChannel[] = [];
  private reading: Promise<void> | undefined;
  private readAgain = false;
  private hasRead = false;
  private timer: ReturnType<typeof setInterval> | undefined;
  private stopped = false;
  private readonly limit: number;

  constructor(
    private readonly supabase: AnySupabaseClient,
    private readonly organizationId: string,
    private readonly onChange: (change: OrganizationChange) => void,
    private readonly options: WatchOrganizationOptions,
  ) {
    this.limit = Math.min(options.limit ?? 100, 1_000);
  }

  start(): void {
    this.channels = rolesUpTo(this.options.role ?? 'viewer').map((role) => this.join(role));
    this.timer = setInterval(() => this.read(), this.options.rereadMs ?? 30_000);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await Promise.all(this.channels.map((channel) => this.supabase.removeChannel(channel)));
  }

  private join(role: Role): RealtimeChannel {
    const topic = `workflow:org:${this.organizationId}${role === 'viewer' ? '' : `:${role}`}`;
    const channel = this.supabase
      .channel(topic, { config: { private: true } })
      .on('broadcast', { event: 'execution' }, ({ payload }) => this.apply([payload as ExecutionChange]));
    // The client joins again by itself after a reconnect and reports SUBSCRIBED anew.
    return channel.subscribe((status, error) => {
      if (status === 'SUBSCRIBED') this.read();
      else if (error) this.options.onError?.(error);
    });
  }

  /** Reads the rows; a request that comes while one is under way is answered by one more. */
  private read(): void {
    if (this.stopped) return;
    if (this.reading) {
      this.readAgain = true;
      return;
    }
    this.reading = this.readRows()
      .catch((error) => this.options.onError?.(error as Error))
      .finally(() => {
        this.reading = undefined;
        if (!this.readAgain) return;
        this.readAgain = false;
        this.read();
      });
  }

  private async readRows(): Promise<void> {
    const { data, error } = await engineClient(this.supabase)
      .from('workflow_executions')
      .select(columns)
      .eq('organization_id', this.organizationId)
      .order('id', { ascending: false })
      .limit(this.limit);
    if (error) throw workflowError(error);
    const first = !this.hasRead;
    this.hasRead = true;
    this.apply(data as unknown as ExecutionChange[], first);
  }

  /** Messages overtake each other and the rows: only what is newer than what is known counts. */
  private apply(executions: ExecutionChange[], always = false): void {
    if (this.stopped) return;
    const changed = executions.filter(({ id, revision }) => revision > (this.known.get(id)?.revision ?? 0));
    for (const execution of changed) this.known.set(execution.id, execution);
    const latest = [...this.known.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    for (const { id } of latest.splice(this.limit)) this.known.delete(id);
    // Until the rows are there, nobody could tell what else there is.
    if (!this.hasRead || (changed.length === 0 && !always)) return;
    this.onChange({ executions: latest, changed: always ? latest : changed });
  }
}
