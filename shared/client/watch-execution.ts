import type { RealtimeChannel } from '@supabase/supabase-js';
import type { Json } from '../errors.ts';
import { WorkflowError, workflowError } from './error.ts';
import {
  applyChange,
  type Change,
  type ExecutionSnapshot,
  isTerminal,
  isTruncated,
  snapshotOf,
} from './snapshot.ts';
import type { AnySupabaseClient } from './supabase.ts';

export interface WatchOptions {
  /** Milliseconds after which the rows are read again when no message has come; default 15,000. */
  rereadMs?: number;
  /** Called when reading or subscribing fails; watching goes on. */
  onError?: (error: Error) => void;
}

export interface Watch {
  /** Resolves with the last snapshot once the execution has ended. */
  readonly finished: Promise<ExecutionSnapshot>;
  /** Leaves the channel. */
  stop(): Promise<void>;
}

/**
 * Watches one execution: subscribes, reads the rows, applies every change that is newer, and reads
 * again after a reconnect or when a change is missing. Changes arrive in order, none twice.
 *
 * @param supabase a client signed in as somebody who may see the execution
 * @param executionId id of the execution
 * @param onChange called with the whole state after each change, and once at the start
 */
export function watchExecution(
  supabase: AnySupabaseClient,
  executionId: string,
  onChange: (snapshot: ExecutionSnapshot) => void,
  options: WatchOptions = {},
): Watch {
  const watcher = new ExecutionWatcher(supabase, executionId, onChange, options);
  watcher.start();
  return { finished: watcher.finished, stop: () => watcher.stop() };
}

class ExecutionWatcher {
  readonly finished: Promise<ExecutionSnapshot>;
  private resolveFinished!: (snapshot: ExecutionSnapshot) => void;
  private snapshot: ExecutionSnapshot | undefined;
  private channel: RealtimeChannel | undefined;
  private pending: Change[] = [];
  private reading: Promise<void> | undefined;
  private readAgain = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(
    private readonly supabase: AnySupabaseClient,
    private readonly executionId: string,
    private readonly onChange: (snapshot: ExecutionSnapshot) => void,
    private readonly options: WatchOptions,
  ) {
    this.finished = new Promise((resolve) => {
      this.resolveFinished = resolve;
    });
  }

  start(): void {
    this.channel = this.supabase
      .channel(`workflow:execution:${this.executionId}`, { config: { private: true } })
      .on('broadcast', { event: 'change' }, ({ payload }) => this.receive(payload as Change));
    // The client joins again by itself after a reconnect and reports SUBSCRIBED anew.
    this.channel.subscribe((status, error) => {
      if (status === 'SUBSCRIBED') this.read();
      else if (error) this.options.onError?.(error);
    });
    this.readLater();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    if (this.channel) await this.supabase.removeChannel(this.channel);
  }

  private receive(change: Change): void {
    this.pending.push(change);
    if (!this.reading) this.applyPending();
  }

  private applyPending(): void {
    const changes = this.pending.sort((a, b) => a.revision - b.revision);
    this.pending = [];
    for (const change of changes) {
      if (!this.snapshot || change.revision <= this.snapshot.execution.revision) continue;
      const missed = change.revision > this.snapshot.execution.revision + 1;
      if (missed || isTruncated(change)) {
        // The rows are at least as new as this message, and as those after it.
        this.read();
        return;
      }
      this.publish(applyChange(this.snapshot, change));
    }
  }

  /** Reads the rows; a request that comes while one is under way is answered by one more. */
  private read(): void {
    if (this.reading) {
      this.readAgain = true;
      return;
    }
    this.reading = this.readRows()
      .catch((error) => this.options.onError?.(error as Error))
      .finally(() => {
        this.reading = undefined;
        if (this.readAgain) {
          this.readAgain = false;
          this.read();
        } else {
          this.applyPending();
        }
      });
  }

  private async readRows(): Promise<void> {
    const { data, error } = await this.supabase
      .from('workflow_executions')
      .select('*, steps:workflow_execution_steps(*)')
      .eq('id', this.executionId)
      .maybeSingle();
    if (error) throw workflowError(error);
    if (!data) {
      throw new WorkflowError({
        code: 'execution_not_found',
        message: `There is no execution ${this.executionId}, or you may not see it.`,
        hint: 'Check the id, and that you are a member of its organisation.',
      });
    }
    const snapshot = snapshotOf(data as unknown as { [key: string]: Json });
    if (!this.snapshot || snapshot.execution.revision > this.snapshot.execution.revision)
      this.publish(snapshot);
  }

  private publish(snapshot: ExecutionSnapshot): void {
    if (this.stopped) return;
    this.snapshot = snapshot;
    this.readLater();
    this.onChange(snapshot);
    if (isTerminal(snapshot.execution.status)) {
      clearTimeout(this.timer);
      this.resolveFinished(snapshot);
    }
  }

  private readLater(): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.read();
      this.readLater();
    }, this.options.rereadMs ?? 15_000);
  }
}
