import { randomUUID } from 'node:crypto';
import { PgflowSqlClient } from '@pgflow/core';
import type { AnyFlow } from '@pgflow/dsl';
import type { Sql } from 'postgres';

const visibilityTimeout = 2;
const maxPollSeconds = 2;
const pollIntervalMs = 100;
const heartbeatEveryMs = 5_000;

/**
 * The loop of pgflow's edge worker, which is not on npm: read a batch, start its tasks, run them at
 * once, complete each, read again. Times are that worker's defaults.
 */
export class PgflowWorker {
  private readonly id = randomUUID();
  private readonly client: PgflowSqlClient<AnyFlow>;
  private stopping = false;
  private loop = Promise.resolve();
  private beatAt = 0;

  /** @param batchSize messages a read, and tasks at once */
  constructor(
    private readonly sql: Sql,
    private readonly flow: AnyFlow,
    private readonly batchSize: number,
  ) {
    this.client = new PgflowSqlClient(sql as never);
  }

  async start(): Promise<void> {
    await this.sql`
      insert into pgflow.workers (worker_id, queue_name, function_name)
      values (${this.id}, ${this.flow.slug}, 'bench')`;
    this.loop = this.run();
  }

  /** Resolves when the last batch is done. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      await this.beat();
      const { slug } = this.flow;
      const messages = await this.client.readMessages(
        slug,
        visibilityTimeout,
        this.batchSize,
        maxPollSeconds,
        pollIntervalMs,
      );
      if (messages.length === 0) continue;
      const tasks = await this.client.startTasks(
        slug,
        messages.map(({ msg_id }) => msg_id),
        this.id,
      );
      await Promise.all(tasks.map((task) => this.execute(task)));
    }
  }

  private async execute(task: Parameters<PgflowSqlClient<AnyFlow>['completeTask']>[0] & { input?: unknown }) {
    try {
      const { handler } = this.flow.getStepDefinition(task.step_slug);
      const output = await (handler as (input: unknown) => Promise<unknown>)(task.input);
      await this.client.completeTask(task, output as never);
    } catch (error) {
      await this.client.failTask(task, error);
    }
  }

  private async beat(): Promise<void> {
    if (Date.now() - this.beatAt < heartbeatEveryMs) return;
    this.beatAt = Date.now();
    await this.sql`update pgflow.workers set last_heartbeat_at = now() where worker_id = ${this.id}`;
  }
}
