import type { Connections } from '../../shared/database/connect.ts';
import type { Json } from '../../shared/errors.ts';
import type { Signature, WebhookTrigger } from './signature.ts';

/** A webhook whose token was right. */
export interface OpenWebhook {
  webhook_id: string;
  trigger: WebhookTrigger;
  /** Of the trigger's HMAC; null where there is none. */
  secret: string | null;
  /** Milliseconds until the next request is within the limit; null when this one is. */
  wait_ms: number | null;
}

/** What an accepted request starts. */
export interface Start {
  webhookId: string;
  /** JSON. */
  body: string;
  fields: { [name: string]: string };
  trigger: { [name: string]: Json };
  idempotencyKey: string | null;
  signature: Signature | undefined;
}

/** The end of an execution. */
export interface Result {
  status: string;
  output: Json;
  error: Json;
}

/** The engine's SQL functions for webhooks. */
export class WebhookEngine {
  constructor(private readonly connections: Connections) {}

  /** Finds a webhook and counts the request. @throws PostgresError with the refusal's code in DETAIL */
  async open(token: string, address: string | null): Promise<OpenWebhook> {
    const [row] = await this.connections.sql<{ webhook: OpenWebhook }[]>`
      select workflow.open_webhook(${token}, ${address}) as webhook`;
    return row?.webhook as OpenWebhook;
  }

  /** @returns the execution's id @throws PostgresError with the refusal's code in DETAIL */
  async start({ webhookId, body, fields, trigger, idempotencyKey, signature }: Start): Promise<string> {
    const { sql } = this.connections;
    const [row] = await sql<{ id: string }[]>`
      select workflow.start_webhook(${webhookId}, ${body}, ${sql.json(fields)}, ${sql.json(trigger as never)},
        ${idempotencyKey}, ${(signature?.bytes as Buffer) ?? null}, ${signature?.expiresAt ?? null}) as id`;
    return row?.id as string;
  }

  /** @returns undefined while it runs */
  async result(executionId: string): Promise<Result | undefined> {
    const [row] = await this.connections.sql<Result[]>`
      select status, output, error from public.workflow_executions
      where id = ${executionId} and finished_at is not null`;
    return row;
  }
}
