import type { Json } from '../errors.ts';
import type { NotificationSettings, TemplateText } from './template.ts';

/** What a notification says, and to whom; its expressions are evaluated. */
export interface Message {
  /** Address, number, token, user id or channel, or a list of them; null: whoever the channel reaches. */
  to: Json;
  /** Id of a notification template, in place of subject and body. */
  template?: Json;
  /** The language of the template, such as `de`; the organisation's by default. */
  locale?: Json;
  subject?: Json;
  body?: Json;
  /** What the template is filled with; facts beside the text otherwise. */
  data: { [key: string]: Json };
}

/** What is written of a message before it is sent. */
export interface Draft {
  channel: string;
  /** The same in every attempt, and for no other message. */
  key: string;
  recipient: string;
  subject?: string | undefined;
  body?: string | undefined;
  template?: string | undefined;
  locale?: string | undefined;
}

export type DeliveryStatus = 'sending' | 'sent' | 'delivered' | 'failed' | 'skipped' | 'held';

/** A row of the delivery log: a message goes out only while it is `sending`. */
export interface DeliveryRow {
  id: string;
  status: DeliveryStatus;
  /** How often the message was handed to the provider, this time included. */
  attempts: number;
  /** Why it was skipped, or is held. */
  reason: string | null;
  provider_id: string | null;
  /** Milliseconds until a held message may go out. */
  wait_ms?: number | null;
}

/** What became of an attempt to send. */
export type Settlement =
  | { status: 'sent'; provider: string; provider_id: string | null }
  | { status: 'failed'; error: { [key: string]: Json } };

/** The delivery log, as the worker writes it: outside of any transaction of a step. */
export interface Deliveries {
  /**
   * Takes the row of a message; a message that has been sent already keeps its row as it is.
   *
   * @throws the `stale_claim` refusal when the step is somebody else's by now, or cancelled
   */
  begin(draft: Draft): Promise<DeliveryRow>;
  /** The address of a member of the organisation on a channel; null when there is none. */
  contact(userId: string, channel: string): Promise<string | null>;
  /** The texts of a template that the organisation may use; none for a template that is not there. */
  template(id: string): Promise<{ texts: TemplateText[]; settings: NotificationSettings }>;
  settle(channel: string, row: DeliveryRow, settlement: Settlement): Promise<void>;
}

/** The step run a message is sent for. */
export interface Delivery {
  /** The same in every attempt: providers and logs tell a repetition by it. */
  stepRunId: string;
  stepId: string;
  executionId: string;
  workflowId: string;
  organizationId: string;
  deliveries: Deliveries;
  /** The engine's clock at the start of the step. */
  now: Date;
  /** Fires at the step's timeout. */
  signal: AbortSignal;
}

/** What one recipient gets. */
export interface Content {
  subject?: string | undefined;
  body: string;
  /** What the delivery log keeps as the body, where the body itself holds a secret. */
  kept?: string | undefined;
  html?: string | undefined;
  /** Id of the template it was made from. */
  template?: string | undefined;
  /** The language it was made in. */
  locale?: string | undefined;
  data: { [key: string]: Json };
}

/** One message to one recipient. */
export interface Outgoing extends Content {
  recipient: string;
  key: string;
}

/** One way to reach people. Each is a file of this folder and a line of `index.ts`. */
export interface Channel {
  name: string;
  /** Who sends it. */
  provider: string;
  /** Whether a message may go to nobody in particular. */
  recipientOptional?: boolean;
  /** Whether a user id stands for that member's address. */
  reachesMembers?: boolean;
  /** Whether every message has a subject. */
  needsSubject?: boolean;
  /**
   * The recipient as the provider wants it, before anybody is called.
   * @throws StepError `invalid_recipient`
   */
  address(recipient: string): string;
  /**
   * Hands one message to the provider.
   * @returns the provider's id of it
   * @throws StepError
   */
  send(message: Outgoing, delivery: Delivery): Promise<string | null>;
}
