import { send, type Transaction } from './database.ts';
import { describeError } from './failure.ts';
import { timedOut } from './timeout.ts';

/** Milliseconds that statements may take together before the next one's limit is worth a statement. */
const slack = 100;

/**
 * The time of a database action, from now on. workflow.limit_action gives every statement the step's whole
 * timeout; this takes off what the statements before it have used up.
 */
export class ActionTime {
  private readonly startedAt = Date.now();
  private limitedAt = this.startedAt;

  /** @param timeout the step's, in milliseconds */
  constructor(private readonly timeout: number) {}

  /** Call it before each statement. */
  limit(tx: Transaction): void {
    const now = Date.now();
    if (now - this.limitedAt < slack) return;
    this.limitedAt = now;
    const left = Math.max(1, this.startedAt + this.timeout - now);
    void send(tx.unsafe(`set local statement_timeout = ${Math.ceil(left)}`));
  }

  /** Call it where a savepoint takes back the limits set since: the next statement gets its own. */
  forget(): void {
    this.limitedAt = 0;
  }

  /** Whether the worker's clock or the database's ended it: a step that took too long ends with `timeout`. */
  explain(error: unknown): unknown {
    const isOver = Date.now() - this.startedAt >= this.timeout;
    return isOver && describeError(error).code === 'statement_timeout' ? timedOut(this.timeout) : error;
  }
}
