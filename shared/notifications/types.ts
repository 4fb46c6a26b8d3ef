import type { Json } from '../errors.ts';

/** What a notification says, and to whom; its expressions are evaluated. */
export interface Message {
  /** Address, number, user id or channel, or a list of them; null: whoever the channel reaches. */
  to: Json;
  subject?: Json;
  body?: Json;
  /** Facts beside the text, as the author gave them. */
  data: { [key: string]: Json };
}

/** The step run a message is sent for. */
export interface Delivery {
  /** The same in every attempt: providers and logs tell a repetition by it. */
  stepRunId: string;
  stepId: string;
  executionId: string;
  workflowId: string;
  organizationId: string;
  /** Fires at the step's timeout. */
  signal: AbortSignal;
}

/** One way to reach people. Each is a file of this folder and a line of `index.ts`. */
export interface Channel {
  name: string;
  /**
   * @returns the step's output: the channel's name, and the ids by which the message can be found
   * @throws StepError
   */
  send(message: Message, delivery: Delivery): Promise<{ channel: string; [key: string]: Json }>;
}
